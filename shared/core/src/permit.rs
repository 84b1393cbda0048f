//! The permit: what a handler must hold to act for somebody.

use crate::{
    project::ProjectId,
    refusal::Refusal,
    routes::{Access, Route},
    scope::Scopes,
};

/// Who called, as far as authentication could tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Nobody in particular.
    Anonymous,
    /// The holder of the management key.
    Admin,
    /// The holder of a live token.
    Token {
        /// The project the token belongs to.
        project: ProjectId,
        /// What it may do.
        scopes: Scopes,
    },
}

/// Leave to serve one request. [`Permit::grant`] is its only constructor, and the tenant that a backend
/// sees comes from here alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    tenant: Option<ProjectId>,
}

impl Permit {
    /// Grants what the route asks for, or says what is missing.
    pub fn grant(principal: &Principal, route: &Route) -> Result<Self, Refusal> {
        match (route.access, *principal) {
            (Access::Public(_), _) | (Access::Admin, Principal::Admin) => Ok(Self { tenant: None }),
            (Access::AnyToken, Principal::Token { project, .. }) => Ok(Self { tenant: Some(project) }),
            (Access::Holder(scope), Principal::Token { project, scopes }) if scopes.contains(scope) => {
                Ok(Self { tenant: Some(project) })
            }
            (Access::Holder(scope), Principal::Token { .. }) => Err(Refusal::MissingScope(scope)),
            (Access::Admin | Access::AnyToken | Access::Holder(_), _) => Err(Refusal::Unauthenticated),
        }
    }

    /// The tenant a data-plane request acts for; a management call has none.
    pub const fn tenant(&self) -> Option<ProjectId> {
        self.tenant
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{routes::ROUTES, scope::Scope};

    const PROJECT: ProjectId = ProjectId::from_bytes([7; 16]);

    fn with(scopes: &[Scope]) -> Principal {
        Principal::Token { project: PROJECT, scopes: scopes.iter().copied().collect() }
    }

    #[test]
    fn each_row_is_granted_to_exactly_whom_it_names() {
        for route in ROUTES {
            for scope in Scope::ALL {
                let granted = Permit::grant(&with(&[scope]), route).is_ok();
                let want = match route.access {
                    Access::Holder(needed) => needed == scope,
                    Access::AnyToken | Access::Public(_) => true,
                    Access::Admin => false,
                };
                assert_eq!(granted, want, "{} with {scope}", route.path);
            }
            let open = matches!(route.access, Access::Public(_));
            assert_eq!(Permit::grant(&Principal::Anonymous, route).is_ok(), open, "{}", route.path);
            let admin = matches!(route.access, Access::Public(_) | Access::Admin);
            assert_eq!(Permit::grant(&Principal::Admin, route).is_ok(), admin, "{}", route.path);
        }
    }

    #[test]
    fn the_tenant_is_the_tokens_project() {
        let route = ROUTES.iter().find(|route| matches!(route.access, Access::Holder(_))).unwrap();
        assert_eq!(Permit::grant(&with(&Scope::ALL), route).unwrap().tenant(), Some(PROJECT));
    }
}
