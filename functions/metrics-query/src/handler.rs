//! Reads of metrics: the caller's request, path and query byte for byte, under the backend's prefix.

use cockpit_core::{Body, Operation, Ports, Refusal};
use cockpit_gate::{Call, MIMIR};
use cockpit_wire::{
    protobuf::{ProtobufError, Reader},
    snappy,
};
use http::Response;

/// Serves the rows of this function.
pub async fn handle(call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    match call.route.operation {
        Operation::QueryMetrics => call.forward(&MIMIR).await,
        Operation::ReadMetrics => read(call).await,
        _ => Err(call.misrouted()),
    }
}

/// Forwards a remote read that is one. Mimir answers 500 to what is not, and old Prometheuses allocate what it claims.
async fn read(mut call: Call<'_, impl Ports>) -> Result<Response<Body>, Refusal> {
    let body = call.read().await?;
    check(&body, call.route.limits.decoded)?;
    call.forward_body(&MIMIR, Body::from_bytes(body)).await
}

/// Walks `ReadRequest { 1 queries*, 2 accepted_response_types* }` and `Query { 1 start, 2 end, 3 matchers*, 4 hints }`.
fn check(block: &[u8], limit: usize) -> Result<(), Refusal> {
    let malformed = |what: &dyn std::fmt::Display| Refusal::Malformed(format!("this is no remote read: {what}").into());
    let request = snappy::inflate(block, limit).map_err(|error| malformed(&error))?;
    walk(&request).map_err(|error| malformed(&error))
}

fn walk(request: &[u8]) -> Result<(), ProtobufError> {
    let mut fields = Reader::new(request);
    while let Some(tag) = fields.tag()? {
        match tag.number() {
            1 => query(fields.bytes(tag)?)?,
            _ => fields.skip(tag)?,
        }
    }
    Ok(())
}

fn query(query: &[u8]) -> Result<(), ProtobufError> {
    let mut fields = Reader::new(query);
    while let Some(tag) = fields.tag()? {
        match tag.number() {
            3 | 4 => part(fields.bytes(tag)?)?,
            _ => fields.skip(tag)?,
        }
    }
    Ok(())
}

fn part(part: &[u8]) -> Result<(), ProtobufError> {
    let mut fields = Reader::new(part);
    while let Some(tag) = fields.tag()? {
        fields.skip(tag)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_remote_read_goes_nowhere() {
        let block = |request: &[u8]| snappy::deflate(request).unwrap();
        let query = b"\x0a\x0e\x08\x01\x10\x02\x1a\x08\x08\x00\x12\x01a\x1a\x01b\x10\x01";
        assert!(check(&block(query), 1 << 20).is_ok());
        assert!(check(&block(b""), 1 << 20).is_ok(), "a request for nothing is one");
        for body in
            [&b""[..], b"plain", b"\xff\xff\xff\xff\x0f", &block(b"\x0a\xff"), &block(b"\x08\x01"), &block(&query[..7])]
        {
            assert!(matches!(check(body, 1 << 20), Err(Refusal::Malformed(_))), "{body:?}");
        }
        assert!(check(&block(&[b'\x10'; 4]), 2).is_err(), "more than the row allows");
    }
}
