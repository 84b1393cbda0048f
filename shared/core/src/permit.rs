//! The permit: what a handler must hold to act for somebody.

use crate::{
    principal::{Key, Principal, TokenGrant},
    project::ProjectId,
    refusal::{InvalidReason, Refusal},
    routes::{Access, Right, Route},
};

/// Leave to serve one request. [`Permit::grant`] is its only constructor, and the tenant that a backend
/// sees comes from here alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    realm: Realm,
}

/// What a permit reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Realm {
    /// Nothing of anybody's.
    Nothing,
    /// Every project.
    All,
    /// The projects of an API key.
    Key(Key),
    /// The project of a token, within the token's rights.
    Token(TokenGrant),
    /// One project that its manager acts for.
    Project(ProjectId),
}

impl Permit {
    /// Grants what the route asks for, or says what is missing.
    pub fn grant(principal: Principal, route: &Route) -> Result<Self, Refusal> {
        let realm = match (route.access, principal) {
            (Access::Public(_), _) => Realm::Nothing,
            (Access::Admin | Access::Manager(_) | Access::Observer(_), Principal::Admin) => Realm::All,
            (Access::Manager(Right::Write), Principal::Key(key)) if !key.writes => {
                return Err(Refusal::Unpermitted { action: "write", resource: "cockpit" });
            }
            (Access::Manager(_) | Access::Observer(_), Principal::Key(key)) => Realm::Key(key),
            (Access::Admin, Principal::Key(_)) => {
                return Err(Refusal::Unpermitted { action: "manage", resource: "api_key" });
            }
            (Access::AnyToken | Access::Holder(_) | Access::Observer(_), Principal::Token(token)) => {
                check(&token, route)?;
                Realm::Token(token)
            }
            (Access::Admin | Access::Manager(_) | Access::AnyToken | Access::Holder(_) | Access::Observer(_), _) => {
                return Err(Refusal::Unauthenticated);
            }
        };
        Ok(Self { realm })
    }

    /// The tenant a request to a backend acts for; a management call has none until it [acts for](Self::act_for) one.
    pub const fn tenant(&self) -> Option<ProjectId> {
        match &self.realm {
            Realm::Token(token) => Some(token.project),
            Realm::Project(project) => Some(*project),
            Realm::Nothing | Realm::All | Realm::Key(_) => None,
        }
    }

    /// The token it was granted to.
    pub const fn token(&self) -> Option<&TokenGrant> {
        match &self.realm {
            Realm::Token(token) => Some(token),
            Realm::Nothing | Realm::All | Realm::Key(_) | Realm::Project(_) => None,
        }
    }

    /// The selector that its queries must be held to.
    pub fn policy(&self) -> Option<&str> {
        self.token().and_then(|token| token.policy.as_deref())
    }

    /// The project that a management call is about: the one it names, or the key's own. One that the caller may not
    /// manage looks as if it had no Cockpit.
    pub fn project(&self, named: Option<ProjectId>) -> Result<ProjectId, Refusal> {
        let project = match (&self.realm, named) {
            (_, Some(project)) => project,
            (Realm::Key(key), None) => key.default,
            (_, None) => {
                let help = "is required".into();
                return Err(Refusal::Invalid { argument: "project_id", reason: InvalidReason::Required, help });
            }
        };
        if self.manages(project) {
            return Ok(project);
        }
        Err(Refusal::no_cockpit(project))
    }

    /// The project that is looked at: a token's own, or as for a management call.
    pub fn observed(&self, named: Option<ProjectId>) -> Result<ProjectId, Refusal> {
        match (self.tenant(), named) {
            (Some(own), Some(other)) if own != other => Err(Refusal::no_cockpit(other)),
            (Some(own), _) => Ok(own),
            (None, _) => self.project(named),
        }
    }

    /// Whether the caller may manage this project.
    pub fn manages(&self, project: ProjectId) -> bool {
        match &self.realm {
            Realm::All => true,
            Realm::Key(key) => key.projects.contains(&project),
            Realm::Project(own) => *own == project,
            Realm::Nothing | Realm::Token(_) => false,
        }
    }

    /// The permit of a manager to act for a project at a backend.
    pub fn act_for(&self, project: ProjectId) -> Result<Self, Refusal> {
        self.project(Some(project)).map(|project| Self { realm: Realm::Project(project) })
    }

    /// Who acts, as the audit trail names them: an access key, or `admin`.
    pub fn actor(&self) -> &str {
        match &self.realm {
            Realm::Key(key) => &key.access_key,
            Realm::All => "admin",
            Realm::Nothing | Realm::Token(_) | Realm::Project(_) => "",
        }
    }
}

/// Whether a token is good for a row.
fn check(token: &TokenGrant, route: &Route) -> Result<(), Refusal> {
    if let Access::Holder(scope) | Access::Observer(scope) = route.access
        && !token.scopes.contains(scope)
    {
        return Err(Refusal::MissingScope(scope));
    }
    if token.policy.is_some() && !route.operation.honours_policies() {
        return Err(Refusal::Restricted("the token has a label policy, which is enforced on queries only"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        routes::ROUTES,
        scope::{Scope, Scopes},
    };

    const PROJECT: ProjectId = ProjectId::from_bytes([7; 16]);
    const OTHER: ProjectId = ProjectId::from_bytes([8; 16]);

    fn with(scopes: &[Scope]) -> TokenGrant {
        TokenGrant::new(PROJECT, scopes.iter().copied().collect())
    }

    fn key(writes: bool) -> Key {
        Key { access_key: "SCWX".into(), projects: vec![PROJECT], default: PROJECT, writes }
    }

    #[test]
    fn each_row_is_granted_to_exactly_whom_it_names() {
        for route in ROUTES {
            let granted = |principal| Permit::grant(principal, route).is_ok();
            let open = matches!(route.access, Access::Public(_));
            for scope in Scope::ALL {
                let want = match route.access {
                    Access::Holder(needed) | Access::Observer(needed) => needed == scope,
                    Access::AnyToken | Access::Public(_) => true,
                    Access::Admin | Access::Manager(_) => false,
                };
                assert_eq!(granted(Principal::Token(with(&[scope]))), want, "{} with {scope}", route.path);
            }
            let observes = matches!(route.access, Access::Observer(_));
            let manages = matches!(route.access, Access::Manager(_)) || observes;
            let reads = route.access == Access::Manager(Right::Read) || observes;
            for (principal, want) in [
                (Principal::Anonymous, open),
                (Principal::Admin, open || manages || route.access == Access::Admin),
                (Principal::Key(key(true)), open || manages),
                (Principal::Key(key(false)), open || reads),
            ] {
                assert_eq!(granted(principal.clone()), want, "{} for {principal:?}", route.path);
            }
        }
    }

    #[test]
    fn a_label_policy_is_good_for_queries_only() {
        let limited = TokenGrant { policy: Some(r#"{a="b"}"#.into()), ..with(&Scope::ALL) };
        for route in ROUTES.iter().filter(|route| matches!(route.access, Access::Holder(_))) {
            let granted = Permit::grant(Principal::Token(limited.clone()), route).is_ok();
            assert_eq!(granted, route.operation.honours_policies(), "{}", route.path);
        }
    }

    #[test]
    fn the_tenant_is_the_tokens_project() {
        let route = ROUTES.iter().find(|route| matches!(route.access, Access::Holder(_))).unwrap();
        let permit = Permit::grant(Principal::Token(with(&Scope::ALL)), route).unwrap();
        assert_eq!(permit.tenant(), Some(PROJECT));
        assert!(!permit.manages(PROJECT), "a token manages nothing");
    }

    fn manager(principal: Principal) -> Permit {
        let route = ROUTES.iter().find(|route| route.access == Access::Manager(Right::Read)).unwrap();
        Permit::grant(principal, route).unwrap()
    }

    #[test]
    fn an_api_key_reaches_its_projects_and_falls_back_to_its_own() {
        let permit = manager(Principal::Key(key(false)));
        assert_eq!(permit.project(None).unwrap(), PROJECT);
        assert_eq!(permit.project(Some(PROJECT)).unwrap(), PROJECT);
        assert!(matches!(permit.project(Some(OTHER)), Err(Refusal::NotFound { resource: "cockpit", .. })));
        assert_eq!(permit.tenant(), None);
        assert_eq!(permit.act_for(PROJECT).unwrap().tenant(), Some(PROJECT));
        assert!(permit.act_for(OTHER).is_err());
    }

    #[test]
    fn the_admin_key_reaches_every_project_and_has_none_of_its_own() {
        let permit = manager(Principal::Admin);
        assert_eq!(permit.project(Some(OTHER)).unwrap(), OTHER);
        assert!(matches!(permit.project(None), Err(Refusal::Invalid { argument: "project_id", .. })));
    }

    #[test]
    fn whom_no_scopes_were_given_holds_none() {
        assert_eq!(with(&[]).scopes, Scopes::NONE);
    }
}
