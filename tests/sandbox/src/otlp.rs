//! What OpenTelemetry's signals have in common: attributes, of which the texts become labels.

use crate::selector::Labels;
use prost::Message;

/// Where something comes from.
#[derive(Message)]
pub(crate) struct Resource {
    #[prost(message, repeated, tag = "1")]
    pub(crate) attributes: Vec<KeyValue>,
}

/// An attribute.
#[derive(Message)]
pub(crate) struct KeyValue {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) value: Option<AnyValue>,
}

/// A value, if it is a text.
#[derive(Message)]
pub(crate) struct AnyValue {
    #[prost(string, tag = "1")]
    pub(crate) text: String,
}

/// A name as Prometheus writes it.
pub(crate) fn name(name: &str) -> String {
    name.replace('.', "_")
}

/// Labels of these attributes.
pub(crate) fn labels<'a>(attributes: impl IntoIterator<Item = &'a KeyValue>) -> Labels {
    let text = |pair: &KeyValue| pair.value.as_ref().map(|value| value.text.clone()).unwrap_or_default();
    attributes.into_iter().map(|pair| (name(&pair.key), text(pair))).collect()
}
