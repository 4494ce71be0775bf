//! `payment.list`: open and past payment requests, newest first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::shown::Shown;
use crate::books::PaymentRequest;
use crate::clock::Millis;
use crate::engine::{Requested, store_failure};
use crate::failure::Failure;
use crate::limits;
use crate::operations::{Access, Audience, Context, Operation, Outcome, Spec};

/// Which requests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentList {
    /// Leave out paid and expired ones.
    #[serde(default)]
    open_only: bool,
    /// 1 to 100; default 20.
    #[serde(default)]
    limit: Option<u32>,
    /// next_cursor of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// One page of requests.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Page {
    /// Newest first, each as payment.status shows it; the list of tools has no room to say so twice.
    #[schemars(with = "Vec<Map<String, Value>>")]
    requests: Vec<Shown>,
    /// Give it as `cursor` for the page after this one; missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl Operation for PaymentList {
    type Output = Page;
    const SPEC: Spec = Spec {
        name: "payment.list",
        title: "Payment requests",
        description: "Payment requests you made, newest first, in pages, each as payment_status shows it.",
        audience: Audience::Agent,
        access: Access::Read,
        toolset: "payment",
        open_world: false,
    };

    async fn run(self, context: &Context) -> Result<Outcome<Page>, Failure> {
        let limit = page_size(self.limit)? as usize;
        let mut before = self.cursor.as_deref().map(parse_cursor).transpose()?;
        let (now, head) = (context.engine.clock().now(), context.engine.store().head());
        let mut requests: Vec<Shown> = Vec::new();
        // A page that holds few of so many is a page all the same.
        for _ in 0..READS {
            let read = context.engine.store().read(|view| view.requests(before, READ_ROWS));
            let rows = read.map_err(|e| store_failure(&e))?;
            let is_end = rows.len() < READ_ROWS;
            for (seq, request) in rows {
                if requests.len() == limit {
                    return Ok(page(requests, before));
                }
                before = Some(seq);
                let wanted = !self.open_only || is_open(&request, now);
                if wanted && context.caller.may_see(request.agent_id.as_deref()) {
                    requests.push(Shown::from(&Requested { request, now, head }));
                }
            }
            if is_end {
                return Ok(page(requests, None));
            }
        }
        Ok(page(requests, before))
    }
}

fn page(requests: Vec<Shown>, next: Option<u64>) -> Outcome<Page> {
    Outcome::Done(Page { requests, next_cursor: next.map(|seq| seq.to_string()) })
}

fn is_open(request: &PaymentRequest, now: Millis) -> bool {
    request.is_watched() && now <= request.claim.expires_at_ms
}

fn page_size(asked: Option<u32>) -> Result<u32, Failure> {
    let size = asked.unwrap_or(limits::PAGE_DEFAULT);
    if (1..=limits::PAGE_MAX).contains(&size) {
        return Ok(size);
    }
    let message = format!("limit is {size}; it is 1 to {}", limits::PAGE_MAX);
    Err(Failure::invalid("INVALID_LIMIT", message))
}

fn parse_cursor(text: &str) -> Result<u64, Failure> {
    text.parse().map_err(|_| {
        Failure::invalid("INVALID_CURSOR", "cursor is not a next_cursor of this tool")
            .hint("Leave it out for the first page")
    })
}

/// Rows read at once, and how often for one page.
const READ_ROWS: usize = 200;
const READS: usize = 50;
