//! What each function may touch: its stores, backends and variables. `spin.toml` grants exactly this,
//! and a test compares the two, so that a function cannot quietly gain a right.

/// The rights of one function.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// The function's name.
    pub function: &'static str,
    /// Its stores, in the manifest's words.
    pub stores: &'static [&'static str],
    /// The variables that hold the origins of the backends it may call.
    pub backends: &'static [&'static str],
    /// The variables it may read.
    pub variables: &'static [&'static str],
}

/// The one store; `default` is the only label that every host has without configuration.
pub const STORE: &str = "default";

/// Every function, in the order of the route table.
pub const PROFILES: &[Profile] = &[
    Profile {
        function: "cockpit",
        stores: &[STORE],
        backends: &[],
        variables: &[
            "admin_key",
            "body_timeout",
            "grafana_url",
            "locations",
            "public_url",
            "quotas",
            "trusted_proxies",
        ],
    },
    Profile {
        function: "tokens",
        stores: &[STORE],
        backends: &[],
        variables: &["admin_key", "body_timeout", "trusted_proxies"],
    },
    Profile {
        function: "datasources",
        stores: &[STORE],
        backends: &[],
        variables: &["admin_key", "body_timeout", "public_url", "trusted_proxies"],
    },
    Profile {
        function: "contact-points",
        stores: &[STORE],
        backends: &[],
        variables: &["admin_key", "body_timeout", "trusted_proxies"],
    },
    Profile {
        function: "managed-alerts",
        stores: &[STORE],
        backends: &["alertmanager_url"],
        variables: &[
            "admin_key",
            "alertmanager_prefix",
            "alertmanager_url",
            "body_timeout",
            "query_timeout",
            "trusted_proxies",
        ],
    },
    Profile {
        function: "grafana-users",
        stores: &[STORE],
        backends: &[],
        variables: &["admin_key", "body_timeout", "trusted_proxies"],
    },
    Profile {
        function: "grafana-dashboards",
        stores: &[STORE],
        backends: &[],
        variables: &["admin_key", "grafana_dashboards"],
    },
    Profile {
        function: "plans",
        stores: &[STORE],
        backends: &[],
        variables: &["admin_key", "body_timeout", "trusted_proxies"],
    },
    Profile {
        function: "budgets",
        stores: &[STORE],
        backends: &[],
        variables: &["admin_key", "body_timeout", "trusted_proxies"],
    },
    Profile { function: "audit", stores: &[STORE], backends: &[], variables: &["admin_key"] },
    Profile {
        function: "api-keys",
        stores: &[STORE],
        backends: &[],
        variables: &["admin_key", "body_timeout", "trusted_proxies"],
    },
    Profile {
        function: "metrics-push",
        stores: &[STORE],
        backends: &["mimir_url"],
        variables: &[
            "active_on_failure",
            "body_timeout",
            "locations",
            "metrics_limits",
            "mimir_otlp_path",
            "mimir_push_path",
            "mimir_url",
            "push_timeout",
            "quotas",
            "rates_on_failure",
            "revocation_seconds",
            "trusted_proxies",
            "usage_in_mimir",
        ],
    },
    Profile {
        function: "metrics-query",
        stores: &[STORE],
        backends: &["mimir_url"],
        variables: &[
            "body_timeout",
            "mimir_enforces_policies",
            "mimir_query_prefix",
            "mimir_url",
            "query_timeout",
            "revocation_seconds",
            "trusted_proxies",
        ],
    },
    Profile {
        function: "metrics-rules",
        stores: &[STORE],
        // At the root, a path that metrics and logs have in common can lead to one function only.
        backends: &["loki_url", "mimir_url"],
        variables: &[
            "body_timeout",
            "loki_enforces_policies",
            "loki_url",
            "mimir_enforces_policies",
            "mimir_query_prefix",
            "mimir_url",
            "query_timeout",
            "revocation_seconds",
            "rule_groups",
            "rules_per_group",
            "trusted_proxies",
        ],
    },
    Profile {
        function: "logs-push",
        stores: &[STORE],
        // Usage of logs is metrics too.
        backends: &["loki_url", "mimir_url"],
        variables: &[
            "active_on_failure",
            "body_timeout",
            "locations",
            "logs_limits",
            "loki_otlp_path",
            "loki_push_path",
            "loki_url",
            "mimir_push_path",
            "mimir_url",
            "push_timeout",
            "quotas",
            "rates_on_failure",
            "revocation_seconds",
            "trusted_proxies",
            "usage_in_mimir",
        ],
    },
    Profile {
        function: "logs-query",
        stores: &[STORE],
        backends: &["loki_url"],
        variables: &[
            "body_timeout",
            "loki_enforces_policies",
            "loki_url",
            "query_timeout",
            "revocation_seconds",
            "trusted_proxies",
        ],
    },
    Profile {
        function: "logs-tail",
        stores: &[STORE],
        backends: &["loki_url"],
        variables: &["loki_enforces_policies", "loki_url", "query_timeout", "revocation_seconds", "trusted_proxies"],
    },
    Profile {
        function: "logs-rules",
        stores: &[STORE],
        backends: &["loki_url"],
        variables: &[
            "body_timeout",
            "loki_enforces_policies",
            "loki_url",
            "query_timeout",
            "revocation_seconds",
            "rule_groups",
            "rules_per_group",
            "trusted_proxies",
        ],
    },
    Profile {
        function: "alertmanager",
        stores: &[STORE],
        backends: &["alertmanager_url"],
        variables: &[
            "alertmanager_prefix",
            "alertmanager_url",
            "body_timeout",
            "query_timeout",
            "revocation_seconds",
            "trusted_proxies",
        ],
    },
    Profile {
        function: "alertmanager-config",
        stores: &[STORE],
        backends: &["alertmanager_url"],
        variables: &["alertmanager_url", "body_timeout", "query_timeout", "revocation_seconds", "trusted_proxies"],
    },
    Profile {
        function: "authorize",
        stores: &[STORE],
        backends: &[],
        variables: &[
            "body_timeout",
            "loki_enforces_policies",
            "mimir_enforces_policies",
            "revocation_seconds",
            "trusted_proxies",
        ],
    },
    Profile {
        function: "status",
        stores: &[STORE],
        backends: &[],
        variables: &["admin_key", "mimir_url", "public_url"],
    },
    Profile {
        function: "self-metrics",
        stores: &[STORE],
        backends: &[],
        variables: &["admin_key", "quotas", "revocation_seconds", "trusted_proxies"],
    },
    Profile { function: "openapi", stores: &[], backends: &[], variables: &["public_url"] },
    Profile {
        function: "console",
        stores: &[STORE],
        backends: &[],
        variables: &["admin_key", "grafana_url", "public_url", "quotas", "revocation_seconds", "trusted_proxies"],
    },
];
