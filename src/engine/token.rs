//! Payment tokens of the owner's card: made under a durable key, looked at, taken back.
//!
//! A token is made again under its key and never anew. It must be dead, by Stripe's word, before anybody calls its
//! payment void.

use super::floor::Floor;
use super::remote::MakeProof;
use crate::books::Payment;
use crate::clock::Millis;
use crate::failure::{Failure, Retry};
use crate::ids::PaymentId;
use crate::limits;
use crate::nano::Network;
use crate::payment::{Presented, Proof, Reference, Seen};
use crate::rails::stripe::{
    Deactivated, IssuedToken, Profile, Stripe, StripeError, TokenOrder, TokenStatus,
};

impl Floor {
    /// Stripe, with the owner's key.
    ///
    /// # Errors
    /// When it is not set up.
    pub(super) async fn stripe(&self) -> Result<Stripe, Failure> {
        let stripe = self.services.shops()?.stripe().await?;
        if stripe.has_key() { Ok(stripe) } else { Err(stripe_failure(&StripeError::NoKey)) }
    }

    /// Whether tokens can be made at all, asked before there is a payment.
    ///
    /// # Errors
    /// When there is no card, or no key of Stripe's.
    pub(super) async fn check_card(&self) -> Result<(), Failure> {
        self.payment_method()?;
        self.stripe().await.map(drop)
    }

    /// The token of a proof, made now or found under its key.
    ///
    /// # Errors
    /// When Stripe cannot be asked, or there is no card.
    pub(super) async fn token(
        &self,
        payment: &Payment,
        proof: &Presented,
    ) -> Result<Usable, Failure> {
        let Some(order) = order_of(payment, proof) else { return Ok(Usable::Never) };
        if self.is_card_gone() {
            return Ok(Usable::Never);
        }
        let stripe = self.stripe().await?;
        match self.issued(&stripe, &order, proof.made_at_ms).await? {
            Issued::Token(token) => Ok(Usable::of(token, &order)),
            Issued::Nothing | Issued::Forgotten => Ok(Usable::Never),
        }
    }

    /// Revokes the token of a proof and reads back what was captured: nothing, and the payment is void.
    pub(super) async fn take_back(&self, payment: &Payment, proof: &Presented) -> Seen {
        match self.captured(payment, proof).await {
            Ok(Captured::Nothing) => Seen::Void,
            Ok(Captured::Some) => {
                tracing::error!(id = %payment.id(), "a token was charged and no order is known");
                charged(payment).map_or(Seen::Open, Seen::Paid)
            }
            Ok(Captured::Unknown) => Seen::Refused,
            Err(failure) => {
                tracing::warn!(code = %failure.code, "a token cannot be taken back yet");
                Seen::Open
            }
        }
    }

    /// The token that was handed over under `key`, as it is now; `None` when the wallet keeps none. Nothing is handed
    /// over that is not kept, so none is asked for here: a new one could be charged.
    ///
    /// # Errors
    /// When Stripe cannot be asked.
    pub(super) async fn kept_token(&self, key: &str) -> Result<Option<IssuedToken>, Failure> {
        let Some(id) = self.services.shops()?.issued(key)? else { return Ok(None) };
        match self.stripe().await?.get(&id).await {
            Ok(token) => Ok(Some(token)),
            // A simulated Stripe begins anew with its process.
            Err(error) if self.network == Network::Sandbox && error.is_unknown_id() => Ok(None),
            Err(error) => Err(stripe_failure(&error)),
        }
    }

    async fn captured(&self, payment: &Payment, proof: &Presented) -> Result<Captured, Failure> {
        let Some(order) = order_of(payment, proof) else { return Ok(Captured::Unknown) };
        let stripe = self.stripe().await?;
        let mut token = match self.issued(&stripe, &order, proof.made_at_ms).await? {
            Issued::Token(token) => token,
            Issued::Nothing => return Ok(Captured::Nothing),
            Issued::Forgotten => return Ok(Captured::Unknown),
        };
        if token.status != TokenStatus::Deactivated {
            // One that is charged meanwhile cannot be revoked; the look after it says so.
            if let Err(error) = stripe.revoke(&token.id, &order).await {
                tracing::info!(%error, "revoking a token");
            }
            token = stripe.get(&token.id).await.map_err(|error| stripe_failure(&error))?;
        }
        Ok(Captured::of(&token))
    }

    /// The token of an order, made now or found again, as it is now.
    async fn issued(
        &self,
        stripe: &Stripe,
        order: &TokenOrder,
        made_at: Millis,
    ) -> Result<Issued, Failure> {
        // One that is known by its id can be taken back without the card it was made of, and after its key's life.
        if let Some(token) = self.kept_token(order.key()).await? {
            return Ok(Issued::Token(token));
        }
        if !is_findable(made_at, self.clock.now()) {
            return Ok(Issued::Forgotten);
        }
        let wrong = |error| stripe_failure(&error);
        let issued = match stripe.issue(order, &self.payment_method()?).await {
            Ok(issued) => issued,
            Err(error) if error.says_there_is_none() => {
                tracing::warn!(id = %order.payment_id(), %error, "the card cannot be charged");
                return Ok(Issued::Nothing);
            }
            Err(error) => return Err(wrong(error)),
        };
        let shops = self.services.shops()?;
        shops.keep_issued(order.key(), &issued.id, &|key| self.needs_token(key))?;
        // What is found under a key is told as it was when it was made.
        stripe.get(&issued.id).await.map(Issued::Token).map_err(wrong)
    }

    /// Whether anything is still to be asked about the token that was issued under `key`.
    fn needs_token(&self, key: &str) -> bool {
        let Some(id) = payment_of(key) else { return false };
        let read = self.store.read(|view| {
            let has_ended = view.payment(id)?.is_none_or(|payment| payment.state.is_final());
            let tasks = view.outbox_of(id, limits::OUTBOX_OF_PAYMENT)?;
            Ok(!has_ended || tasks.iter().any(|task| task.end.is_none()))
        });
        read.unwrap_or(true)
    }
}

/// What stands under the key of an order.
enum Issued {
    Token(IssuedToken),
    /// Stripe says that there is no token.
    Nothing,
    /// Stripe has forgotten the key: under it another token would be made.
    Forgotten,
}

/// Whether a token can be handed over.
#[derive(Debug)]
pub(super) enum Usable {
    /// It can.
    Now(IssuedToken),
    /// It has been charged, or money is held by it.
    Charged,
    /// It never will be: declined, revoked, or not what was ordered.
    Never,
}

impl Usable {
    fn of(token: IssuedToken, order: &TokenOrder) -> Self {
        if let Err(error) = token.check(order) {
            tracing::error!(id = %order.payment_id(), %error, "a token is not used");
            return Self::Never;
        }
        match token.status {
            TokenStatus::Active => Self::Now(token),
            TokenStatus::Deactivated if token.is_used() => Self::Charged,
            TokenStatus::Deactivated | TokenStatus::RequiresAction => Self::Never,
        }
    }
}

#[derive(Debug, Eq, PartialEq)]
enum Captured {
    Nothing,
    Some,
    Unknown,
}

impl Captured {
    /// What a dead token came to. A seller may hold money by it and take that later: such a token is not void.
    fn of(token: &IssuedToken) -> Self {
        let amount = token.captured.map(|captured| captured.amount);
        match (token.status, token.deactivated, amount) {
            (TokenStatus::Deactivated, _, Some(1..)) => Self::Some,
            (_, Some(Deactivated::Expired | Deactivated::Revoked), _)
            | (_, Some(Deactivated::Resolved), Some(0)) => Self::Nothing,
            _ => Self::Unknown,
        }
    }
}

/// What the wallet calls a charge that has no name of the payee's.
pub(super) fn charged(payment: &Payment) -> Option<Reference> {
    Reference::try_from(format!("charged-{}", payment.id())).ok()
}

/// The payment a token's key is made of.
fn payment_of(key: &str) -> Option<PaymentId> {
    let (id, _attempt) = key.strip_prefix("token-")?.rsplit_once('-')?;
    id.parse().ok()
}

/// Whether Stripe still knows the key of a token asked for at `made_at`.
fn is_findable(made_at: Millis, now: Millis) -> bool {
    now.since(made_at) < limits::STRIPE_KEY_LIFE
}

/// A grant becomes a proof that holds the key of a token which lives for [`limits::TOKEN_LIFE`] at most, and until
/// `ends_at` where the payee sets an end. `proof_of` is given the attempt's name and the token's key.
pub(super) fn make_proof(
    ends_at: Option<Millis>,
    proof_of: impl FnOnce(String, String) -> Proof + Send + 'static,
) -> MakeProof {
    Box::new(move |grant, request, attempt, now| {
        let payee = request.recipient().to_owned();
        let profile: Profile = payee.parse().map_err(|_| format!("{payee:?} is no profile"))?;
        let longest = now.plus(limits::TOKEN_LIFE);
        let expires_at = ends_at.map_or(longest, |end| end.min(longest));
        let order =
            TokenOrder::new(grant, request.amount, &payee, profile, now, expires_at, attempt);
        let order = order.map_err(|error| error.to_string())?;
        let name = format!("complete-{}-{attempt}", order.payment_id());
        Ok(Presented {
            attempt,
            proof: proof_of(name, order.key().to_owned()),
            made_at_ms: now,
            valid_until_ms: expires_at,
        })
    })
}

/// What Stripe says at the boundary.
pub(super) fn stripe_failure(error: &StripeError) -> Failure {
    let (code, message) = (error.code(), error.to_string());
    match code {
        "STRIPE_KEY_MISSING" | "STRIPE_KEY_REFUSED" => Failure::unavailable(code, message)
            .retry(Retry::AfterOperator)
            .hint("The owner sets STRIPE_SECRET_KEY to a key that may issue shared payment tokens"),
        "CARD_DECLINED" => Failure::refused(code, message)
            .retry(Retry::AfterOperator)
            .hint("The owner registers another card with `paywarden funding set`"),
        _ => Failure::unavailable(code, message).hint("Look with get_payment_status"),
    }
}

fn order_of(payment: &Payment, proof: &Presented) -> Option<TokenOrder> {
    let (Proof::Completion { token_key, .. } | Proof::Credential { token_key, .. }) = &proof.proof
    else {
        return None;
    };
    TokenOrder::durable(&payment.request, token_key, proof.valid_until_ms)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::money::Money;
    use crate::policy::{
        Claims, CurrencyLimits, Facts, Payee, Policy, Rail, Request, Stage, Verdict, decide,
    };

    /// A token as Stripe tells of it.
    fn token(status: &str, reason: &str, details: &str) -> IssuedToken {
        let text = format!(
            r#"{{"id":"spt_1","status":"{status}","usage_limits":{{"currency":"usd","max_amount":660,
                "expires_at":900}},"usage_details":{details},"deactivated_reason":{reason}}}"#
        );
        IssuedToken::read(text.as_bytes()).unwrap()
    }

    fn captured(amount: u64) -> String {
        format!(r#"{{"amount_captured":{amount}}}"#)
    }

    #[test]
    fn only_a_token_nobody_used_makes_its_payment_void() {
        let of = |status, reason, details: &str| Captured::of(&token(status, reason, details));
        for reason in [r#""revoked""#, r#""expired""#] {
            assert_eq!(of("deactivated", reason, &captured(0)), Captured::Nothing, "{reason}");
            assert_eq!(of("deactivated", reason, "null"), Captured::Nothing, "{reason}");
            assert_eq!(of("deactivated", reason, &captured(1)), Captured::Some, "{reason}");
        }
        assert_eq!(of("deactivated", r#""resolved""#, &captured(0)), Captured::Nothing);
        assert_eq!(of("deactivated", r#""resolved""#, "null"), Captured::Unknown);
        // Money may be held by it, and taken later.
        for details in ["null", &captured(0)] {
            assert_eq!(of("deactivated", r#""consumed""#, details), Captured::Unknown, "{details}");
            assert_eq!(of("deactivated", "null", details), Captured::Unknown, "{details}");
            assert_eq!(of("active", "null", details), Captured::Unknown, "{details}");
        }
        assert_eq!(of("deactivated", r#""consumed""#, &captured(660)), Captured::Some);
        assert_eq!(
            of("active", "null", &captured(1)),
            Captured::Unknown,
            "it can be charged again"
        );
    }

    fn request(amount: u128, payee: &str) -> Request {
        Request {
            payment_id: PaymentId(Uuid::from_u128(7)),
            agent_id: None,
            rail: Rail::Stripe,
            amount: Money { amount, currency: "USD".parse().unwrap() },
            payee: Payee { address: payee.to_owned(), label: None },
            mandate_id: None,
            claims: Claims::default(),
            cart: None,
            terms: None,
        }
    }

    /// The proof a grant for the request becomes at `now`.
    fn made(request: &Request, ends_at: Option<Millis>, now: Millis) -> Result<Presented, String> {
        let mut policy = Policy::sandbox();
        let most = CurrencyLimits { hard_limit: u128::MAX, auto_approve: u128::MAX };
        policy.limits.insert(request.amount.currency, most);
        let facts = Facts {
            frozen: None,
            approvals_waiting: 0,
            stage: Stage::New,
            now,
            claimed: None,
            payee_category: None,
            merchant_category: None,
            pinned: None,
        };
        let Verdict::Allow(grant) = decide(&policy, request, &facts).verdict else {
            panic!("the policy allows all of it")
        };
        let proof = |idempotency_key, token_key| Proof::Completion { idempotency_key, token_key };
        make_proof(ends_at, proof)(grant, request, 3, now)
    }

    #[test]
    fn a_token_lives_as_long_as_its_payee_says_and_a_quarter_of_an_hour_at_most() {
        let (now, life) = (Millis(5_000), limits::TOKEN_LIFE);
        let until =
            |ends_at| made(&request(5, "profile_1"), ends_at, now).map(|p| p.valid_until_ms);
        let (one, last) = (Millis(6_000), now.plus(life));
        assert_eq!(until(None), Ok(last));
        assert_eq!(until(Some(one)), Ok(one));
        assert_eq!(until(Some(last)), Ok(last));
        assert_eq!(until(Some(Millis(last.0 + 1))), Ok(last));
        for over in [Millis(0), now, Millis(5_999)] {
            assert!(until(Some(over)).is_err(), "{over}");
        }
    }

    #[test]
    fn a_proof_names_its_payment_and_attempt_and_is_for_a_profile() {
        let proof = made(&request(5, "profile_1"), None, Millis(0)).unwrap();
        let id = PaymentId(Uuid::from_u128(7));
        let (idempotency_key, token_key) = (format!("complete-{id}-3"), format!("token-{id}-3"));
        assert_eq!(payment_of(&token_key), Some(id));
        assert_eq!(payment_of("token-3"), None);
        assert_eq!(proof.proof, Proof::Completion { idempotency_key, token_key });
        assert!(made(&request(5, "nano_1"), None, Millis(0)).is_err());
        // Stripe counts up to eight digits.
        assert!(made(&request(99_999_999, "profile_1"), None, Millis(0)).is_ok());
        assert!(made(&request(100_000_000, "profile_1"), None, Millis(0)).is_err());
    }

    #[test]
    fn a_token_is_looked_for_as_long_as_stripe_knows_its_key() {
        let made_at = Millis(7);
        let life = limits::STRIPE_KEY_LIFE;
        assert!(is_findable(made_at, made_at));
        assert!(is_findable(made_at, Millis(made_at.plus(life).0 - 1)));
        assert!(!is_findable(made_at, made_at.plus(life)));
    }
}
