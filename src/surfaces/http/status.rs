//! Which HTTP status says what a [`Failure`] says.

use axum::http::StatusCode;

use super::port::PortKind;
use crate::failure::{Failure, Kind};

/// The status of a failure on a port. Codes come first; what kind of failure it is decides the rest.
pub(super) fn status_of(failure: &Failure, kind: PortKind) -> StatusCode {
    let owner = kind == PortKind::Control;
    match &*failure.code {
        "UNAUTHORIZED" => StatusCode::UNAUTHORIZED,
        // To an agent these are about its token; to the owner about the agent that was named.
        "AGENT_UNKNOWN" if owner => StatusCode::NOT_FOUND,
        "AGENT_REVOKED" if owner => StatusCode::CONFLICT,
        "NO_FUNDING" if owner => StatusCode::NOT_FOUND,
        "AGENT_UNKNOWN" | "AGENT_REVOKED" => StatusCode::UNAUTHORIZED,
        "NOT_FOUND"
        | "INVALID_TRANSACTION_ID"
        | "UNKNOWN_PAYMENT"
        | "UNKNOWN_MANDATE"
        | "UNKNOWN_APPROVAL"
        | "UNKNOWN_ENTRY"
        | "UNKNOWN_ACCOUNT"
        | "INVALID_APPROVAL_ID"
        | "INVALID_PROPOSAL_ID"
        | "PROPOSAL_NOT_WAITING" => StatusCode::NOT_FOUND,
        "METHOD_NOT_ALLOWED" => StatusCode::METHOD_NOT_ALLOWED,
        "REQUEST_TIMEOUT" => StatusCode::REQUEST_TIMEOUT,
        "BODY_TOO_LARGE" => StatusCode::PAYLOAD_TOO_LARGE,
        "URI_TOO_LONG" => StatusCode::URI_TOO_LONG,
        "UNSUPPORTED_MEDIA_TYPE" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "INVALID_ARGUMENTS" | "INVALID_MANDATE" => StatusCode::UNPROCESSABLE_ENTITY,
        "INSUFFICIENT_FUNDS"
        | "PENDING_APPROVAL"
        | "SUSPECTED_DUPLICATE"
        | "IDEMPOTENCY_CONFLICT"
        | "APPROVAL_NOT_WAITING"
        | "AGENT_EXISTS"
        | "MANDATE_EXISTS"
        | "MANDATE_REVOKED"
        | "NOT_FROZEN"
        | "POLICY_CONFLICT"
        | "LANE_FULL" => StatusCode::CONFLICT,
        "WALLET_LOCKED" => StatusCode::LOCKED,
        "TOO_MANY_REQUESTS" | "RATE_LIMITED" => StatusCode::TOO_MANY_REQUESTS,
        "REQUEST_ERROR" | "PARSE_ERROR" | "INVALID_DATA" | "PAYMENT_FAILED" => {
            StatusCode::BAD_GATEWAY
        }
        "UNKNOWN_OPERATION" => StatusCode::NOT_IMPLEMENTED,
        "TIMED_OUT" => StatusCode::GATEWAY_TIMEOUT,
        _ => match failure.kind {
            Kind::Invalid => StatusCode::BAD_REQUEST,
            Kind::Refused => StatusCode::FORBIDDEN,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_or_a_kind_decides() {
        let invalid = |code| status_of(&Failure::invalid(code, "x"), PortKind::Agents).as_u16();
        assert_eq!(
            ["INVALID_NUMBER_FORMAT", "INVALID_ADDRESS", "INVALID_TRANSACTION_ID"].map(invalid),
            [400, 400, 404]
        );
        let refused = |code| status_of(&Failure::refused(code, "x"), PortKind::Agents).as_u16();
        assert_eq!(
            ["POLICY_DENIED", "WALLET_FROZEN", "SUSPECTED_DUPLICATE", "AGENT_UNKNOWN"].map(refused),
            [403, 403, 409, 401]
        );
        let owner = |code| status_of(&Failure::refused(code, "x"), PortKind::Control).as_u16();
        assert_eq!(["AGENT_UNKNOWN", "AGENT_REVOKED", "WRONG_SECRET"].map(owner), [404, 409, 403]);
        assert_eq!(owner("NO_FUNDING"), 404);
        let locked = Failure::unavailable("WALLET_LOCKED", "x");
        assert_eq!(status_of(&locked, PortKind::Agents).as_u16(), 423);
        assert_eq!(status_of(&Failure::internal("INTERNAL", "x"), PortKind::Pay).as_u16(), 500);
    }
}
