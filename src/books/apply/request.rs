//! Requests to be paid: made, paid by one send each, expired, no longer watched.

use super::{ApplyError, Fold, misfit};
use crate::books::event::Body;
use crate::books::requests::{
    NewRequest, OtherPayment, PaymentRequest, RequestCounters, RequestReceipt, RequestState, Watch,
    amount_key, ask_key, end_key,
};
use crate::books::rows::Table;
use crate::books::view::{REQUESTS, encode, seq_key};
use crate::ids::RequestId;
use crate::nano::Account;
use crate::payment::Fit;

impl Fold<'_> {
    /// Whether the event was one of a payment request, which is then booked.
    pub(super) fn request_event(&mut self, body: &Body) -> Result<bool, ApplyError> {
        match body {
            Body::RequestCreated(new) => self.request_created(new)?,
            Body::RequestPaid(receipt) => self.request_paid(receipt)?,
            Body::RequestUnderpaid(receipt) => self.other_amount(receipt, Fit::Under)?,
            Body::RequestOverpaid(receipt) => self.other_amount(receipt, Fit::Over)?,
            Body::RequestExpired(end) => self.request_expired(end.request_id)?,
            Body::RequestClosed(end) => self.request_closed(end.request_id)?,
            Body::RequestScanned(scan) => self.scanned(&scan.account, scan.height)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn request_created(&mut self, new: &NewRequest) -> Result<(), ApplyError> {
        let claim = &new.claim;
        let own_key = amount_key(&new.account, claim.amount_raw);
        let fits = self.view().request(claim.request_id)?.is_none()
            && self.rows.get(Table::RequestAmounts, &own_key)?.is_none()
            && claim.amount_raw > claim.asked_raw;
        if !fits {
            return Err(misfit("request.created", "its id or amount is not its own"));
        }
        let watch = match (self.view().watch(&new.account)?, new.height) {
            (Some(watch), _) => Watch { requests: watch.requests + 1, ..watch },
            (None, Some(height)) => {
                self.count_requests(|count| count.accounts += 1)?;
                Watch { account: new.account, height, requests: 1 }
            }
            (None, None) => {
                return Err(misfit("request.created", "where to look from is not said"));
            }
        };
        self.count_requests(|count| count.watched += 1)?;
        self.rows.put(Table::Watches, new.account.as_bytes(), encode(&watch));
        let request = PaymentRequest {
            claim: claim.clone(),
            account: new.account,
            agent_id: new.agent_id.clone(),
            redirect_url: new.redirect_url.clone(),
            memo: new.memo.clone(),
            first_seq: self.seq,
            state: RequestState::Open,
            other: None,
        };
        let id = encode(&request.id());
        self.rows.put(Table::RequestAmounts, &own_key, id.clone());
        self.rows.put(Table::RequestAsks, &ask_key(&request), id.clone());
        self.rows.put(Table::RequestLog, &seq_key(&[], self.seq), id);
        self.put_request(&request);
        Ok(())
    }

    fn request_paid(&mut self, receipt: &RequestReceipt) -> Result<(), ApplyError> {
        let mut request = self.watched_request(receipt.request_id)?;
        let wanted = match receipt.fit {
            Fit::Exact => Some(request.claim.amount_raw),
            Fit::Asked => Some(request.claim.asked_raw),
            Fit::Under | Fit::Over => None,
        };
        if wanted != Some(receipt.amount_raw) {
            return Err(misfit("request.paid", "the amount is not what the request wants"));
        }
        self.take_block(receipt)?;
        self.unwatch(&request)?;
        request.state = RequestState::Paid(receipt.clone());
        self.put_request(&request);
        Ok(())
    }

    fn other_amount(&mut self, receipt: &RequestReceipt, fit: Fit) -> Result<(), ApplyError> {
        let mut request = self.watched_request(receipt.request_id)?;
        let less = receipt.amount_raw < request.claim.asked_raw;
        if receipt.fit != fit || less != (fit == Fit::Under) {
            return Err(misfit("a payment of another amount", "the amount says otherwise"));
        }
        self.take_block(receipt)?;
        let before = request.other.as_ref().map(|other| other.total).unwrap_or_default();
        let total = before.checked_add(receipt.amount_raw);
        let total = total.ok_or_else(|| misfit("a payment", "more than all the money there is"))?;
        request.other = Some(OtherPayment { last: receipt.clone(), total });
        self.put_request(&request);
        Ok(())
    }

    fn request_expired(&mut self, id: RequestId) -> Result<(), ApplyError> {
        let mut request = self.watched_request(id)?;
        if request.state != RequestState::Open {
            return Err(misfit("request.expired", "it has expired before"));
        }
        self.drop_end(&request);
        request.state = RequestState::Expired;
        self.put_request(&request);
        Ok(())
    }

    fn request_closed(&mut self, id: RequestId) -> Result<(), ApplyError> {
        let mut request = self.watched_request(id)?;
        self.unwatch(&request)?;
        request.state = RequestState::Closed;
        self.put_request(&request);
        Ok(())
    }

    fn scanned(&mut self, account: &Account, height: u64) -> Result<(), ApplyError> {
        let watch = self.view().watch(account)?;
        let watch = watch.filter(|watch| watch.height < height);
        let watch =
            watch.ok_or_else(|| misfit("request.scanned", "not watched, or looked at before"))?;
        self.rows.put(Table::Watches, account.as_bytes(), encode(&Watch { height, ..watch }));
        Ok(())
    }

    fn watched_request(&self, id: RequestId) -> Result<PaymentRequest, ApplyError> {
        let request = self.view().request(id)?.filter(PaymentRequest::is_watched);
        request.ok_or_else(|| misfit("a payment request", &format!("{id} is not watched")))
    }

    /// A block belongs to one request for ever.
    fn take_block(&mut self, receipt: &RequestReceipt) -> Result<(), ApplyError> {
        if self.view().request_of_block(&receipt.block_hash)?.is_some() {
            return Err(misfit("a payment", "the block belongs to a request already"));
        }
        let id = encode(&receipt.request_id);
        self.rows.put(Table::RequestBlocks, receipt.block_hash.as_bytes(), id);
        Ok(())
    }

    fn unwatch(&mut self, request: &PaymentRequest) -> Result<(), ApplyError> {
        self.drop_end(request);
        let own_key = amount_key(&request.account, request.claim.amount_raw);
        self.rows.delete(Table::RequestAmounts, &own_key);
        self.rows.delete(Table::RequestAsks, &ask_key(request));
        self.count_requests(|count| count.watched = count.watched.saturating_sub(1))?;
        let watch = self.view().watch(&request.account)?;
        let watch =
            watch.ok_or_else(|| misfit("a payment request", "its account is not watched"))?;
        if watch.requests > 1 {
            let watch = Watch { requests: watch.requests - 1, ..watch };
            self.rows.put(Table::Watches, request.account.as_bytes(), encode(&watch));
            return Ok(());
        }
        self.rows.delete(Table::Watches, request.account.as_bytes());
        self.count_requests(|count| count.accounts = count.accounts.saturating_sub(1))
    }

    fn drop_end(&mut self, request: &PaymentRequest) {
        if let Some(at) = request.ends_at() {
            self.rows.delete(Table::RequestEnds, &end_key(at, request.id()));
        }
    }

    fn put_request(&mut self, request: &PaymentRequest) {
        if let Some(at) = request.ends_at() {
            let key = end_key(at, request.id());
            self.rows.put(Table::RequestEnds, &key, encode(&request.id()));
        }
        self.rows.put(Table::Requests, request.id().as_bytes(), encode(request));
    }

    fn count_requests(
        &mut self,
        change: impl FnOnce(&mut RequestCounters),
    ) -> Result<(), ApplyError> {
        let mut counters = self.view().request_counters()?;
        change(&mut counters);
        self.rows.put(Table::Singles, REQUESTS, encode(&counters));
        Ok(())
    }
}
