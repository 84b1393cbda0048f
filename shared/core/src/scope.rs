//! What a token may do: the nine scopes of the Cockpit API.

use std::fmt;

/// One right of a token, named as in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Scope {
    /// Read metrics.
    QueryMetrics = 1,
    /// Push metrics.
    WriteMetrics = 1 << 1,
    /// Read and write recording and alerting rules over metrics.
    SetupMetricsRules = 1 << 2,
    /// Read logs.
    QueryLogs = 1 << 3,
    /// Push logs.
    WriteLogs = 1 << 4,
    /// Read and write rules over logs.
    SetupLogsRules = 1 << 5,
    /// Read and write Alertmanager's configuration, alerts and silences.
    SetupAlerts = 1 << 6,
    /// Read traces.
    QueryTraces = 1 << 7,
    /// Push traces.
    WriteTraces = 1 << 8,
}

impl Scope {
    /// Every scope, in the order of the API's documentation.
    pub const ALL: [Self; 9] = [
        Self::QueryMetrics,
        Self::WriteMetrics,
        Self::SetupMetricsRules,
        Self::QueryLogs,
        Self::WriteLogs,
        Self::SetupLogsRules,
        Self::SetupAlerts,
        Self::QueryTraces,
        Self::WriteTraces,
    ];

    /// The name in the API's JSON, such as `write_metrics`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::QueryMetrics => "query_metrics",
            Self::WriteMetrics => "write_metrics",
            Self::SetupMetricsRules => "setup_metrics_rules",
            Self::QueryLogs => "query_logs",
            Self::WriteLogs => "write_logs",
            Self::SetupLogsRules => "setup_logs_rules",
            Self::SetupAlerts => "setup_alerts",
            Self::QueryTraces => "query_traces",
            Self::WriteTraces => "write_traces",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of scopes; one bit each, so that a stored record stays two bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u16);

impl Scopes {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// The set read back from [`bits`](Self::bits); unknown bits are dropped.
    pub fn from_bits(bits: u16) -> Self {
        Scope::ALL.into_iter().filter(|scope| bits & *scope as u16 != 0).collect()
    }

    /// The stored form.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether `scope` is in the set.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope as u16 != 0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope as u16))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_is_its_own_bit_and_survives_storage() {
        for scope in Scope::ALL {
            let set = Scopes::from_iter([scope]);
            assert_eq!(Scopes::from_bits(set.bits()), set);
            let held: Vec<_> = Scope::ALL.into_iter().filter(|s| set.contains(*s)).collect();
            assert_eq!(held, [scope]);
        }
    }

    #[test]
    fn unknown_stored_bits_grant_nothing() {
        assert_eq!(Scopes::from_bits(1 << 15), Scopes::NONE);
    }
}
