//! Every operation the wallet knows, as trait objects with their schemas.
//!
//! Adding an operation is one new file and one line in the list here. This module must never decide who may call
//! what: it carries [`Spec`] to those who do.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::clock::BoxFuture;
use crate::failure::{Failure, Retry};
use crate::limits::QUOTE_CHARS;

use super::{
    Answer, Context, Image, Operation, Outcome, Spec, Verdict, acp, credits, guard, host, nanswap,
    nicky, operator, payment, schema, wallet,
};

/// An operation whose input and output types are not known to the caller.
pub trait AnyOperation: Send + Sync {
    /// Its name and who may call it.
    fn spec(&self) -> &'static Spec;
    /// JSON schema of its arguments.
    fn input_schema(&self) -> Map<String, Value>;
    /// JSON schema of its output, `network` included.
    fn output_schema(&self) -> Map<String, Value>;
    /// Reads the arguments and does it. Arguments that do not fit are `INVALID_ARGUMENTS`.
    fn call<'a>(
        &'a self,
        arguments: Map<String, Value>,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<Answer, Failure>>;
}

/// All operations, sorted by name.
pub fn registry() -> &'static [&'static dyn AnyOperation] {
    OPERATIONS
}

static OPERATIONS: &[&dyn AnyOperation] = &[
    &Of::<acp::CancelCheckout>::NEW,
    &Of::<acp::CheckoutStatus>::NEW,
    &Of::<acp::CreateCheckout>::NEW,
    &Of::<acp::UpdateCheckout>::NEW,
    &Of::<operator::AgentsLabel>::NEW,
    &Of::<operator::AgentsList>::NEW,
    &Of::<operator::AgentsRegister>::NEW,
    &Of::<operator::AgentsRevoke>::NEW,
    &Of::<operator::AgentsRotate>::NEW,
    &Of::<operator::ApprovalsAnswer>::NEW,
    &Of::<operator::ApprovalsList>::NEW,
    &Of::<guard::CheckPayment>::NEW,
    &Of::<operator::ClockAccept>::NEW,
    &Of::<credits::CreditsGet>::NEW,
    &Of::<credits::CreditsTopup>::NEW,
    &Of::<credits::DonateSend>::NEW,
    &Of::<operator::FundingClear>::NEW,
    &Of::<operator::FundingSet>::NEW,
    &Of::<operator::FundingShow>::NEW,
    &Of::<guard::GetPaymentStatus>::NEW,
    &Of::<host::HostAnswer>::NEW,
    &Of::<host::HostAsk>::NEW,
    &Of::<operator::KeysExported>::NEW,
    &Of::<operator::LedgerEvents>::NEW,
    &Of::<operator::LedgerHead>::NEW,
    &Of::<operator::LedgerRotateKey>::NEW,
    &Of::<operator::LedgerVerify>::NEW,
    &Of::<guard::ListMandates>::NEW,
    &Of::<operator::MandatesAmend>::NEW,
    &Of::<operator::MandatesCreate>::NEW,
    &Of::<operator::MandatesGrant>::NEW,
    &Of::<operator::MandatesList>::NEW,
    &Of::<operator::MandatesReject>::NEW,
    &Of::<operator::MandatesRevoke>::NEW,
    &Of::<operator::MerchantsList>::NEW,
    &Of::<operator::MerchantsRemove>::NEW,
    &Of::<operator::MerchantsSet>::NEW,
    &Of::<nanswap::NanswapCreateOrder>::NEW,
    &Of::<nanswap::NanswapEstimate>::NEW,
    &Of::<nanswap::NanswapFiatCurrencies>::NEW,
    &Of::<nanswap::NanswapGetOrder>::NEW,
    &Of::<nanswap::NanswapListInvoices>::NEW,
    &Of::<nanswap::NanswapPay>::NEW,
    &Of::<nanswap::NanswapPayinCurrencies>::NEW,
    &Of::<nanswap::NanswapVerifyWebhook>::NEW,
    &Of::<nicky::NickyGetPaymentRequest>::NEW,
    &Of::<nicky::NickyPay>::NEW,
    &Of::<nicky::NickyPaymentProgress>::NEW,
    &Of::<nicky::NickyReportTransaction>::NEW,
    &Of::<nicky::NickyStartPayment>::NEW,
    &Of::<operator::OperatorBackup>::NEW,
    &Of::<operator::Report>::NEW,
    &Of::<operator::OperatorStatus>::NEW,
    &Of::<operator::PayeesList>::NEW,
    &Of::<operator::PayeesRemove>::NEW,
    &Of::<operator::PayeesSet>::NEW,
    &Of::<payment::PaymentList>::NEW,
    &Of::<payment::PaymentRequest>::NEW,
    &Of::<payment::PaymentStatus>::NEW,
    &Of::<operator::PolicyApply>::NEW,
    &Of::<operator::PolicyCheck>::NEW,
    &Of::<operator::PolicyExplain>::NEW,
    &Of::<operator::PolicyShow>::NEW,
    &Of::<operator::PolicySimulate>::NEW,
    &Of::<guard::ProposeMandate>::NEW,
    &Of::<guard::RequestPayment>::NEW,
    &Of::<operator::WalletAccounts>::NEW,
    &Of::<operator::WalletAddAccount>::NEW,
    &Of::<wallet::WalletBalance>::NEW,
    &Of::<operator::WalletFreeze>::NEW,
    &Of::<wallet::WalletHistory>::NEW,
    &Of::<wallet::WalletReceive>::NEW,
    &Of::<operator::WalletReconcile>::NEW,
    &Of::<operator::WalletRepresentative>::NEW,
    &Of::<wallet::WalletSend>::NEW,
    &Of::<operator::WalletSetRepresentative>::NEW,
    &Of::<operator::WalletSurvey>::NEW,
    &Of::<operator::WalletUnfreeze>::NEW,
    &Of::<operator::WalletUnlock>::NEW,
];

/// Makes a trait object of the operation `T`.
struct Of<T>(PhantomData<fn() -> T>);

impl<T> Of<T> {
    const NEW: Self = Self(PhantomData);
}

impl<T: Operation> AnyOperation for Of<T> {
    fn spec(&self) -> &'static Spec {
        const { &T::SPEC }
    }

    fn input_schema(&self) -> Map<String, Value> {
        schema::input::<T>()
    }

    fn output_schema(&self) -> Map<String, Value> {
        schema::output::<T::Output>()
    }

    fn call<'a>(
        &'a self,
        arguments: Map<String, Value>,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<Answer, Failure>> {
        Box::pin(async move {
            let outcome = read::<T>(arguments)?.run(context).await?;
            answer(outcome, T::image, context.engine.network().as_str())
        })
    }
}

fn read<T: DeserializeOwned>(arguments: Map<String, Value>) -> Result<T, Failure> {
    serde_json::from_value(Value::Object(arguments)).map_err(|error| {
        let words: String = error.to_string().chars().take(QUOTE_CHARS).collect();
        Failure::invalid("INVALID_ARGUMENTS", words)
    })
}

fn answer<T: Serialize>(
    outcome: Outcome<T>,
    image: impl FnOnce(&T) -> Option<Image>,
    network: &str,
) -> Result<Answer, Failure> {
    let (verdict, output) = match outcome {
        Outcome::Done(output) => (Verdict::Done, output),
        Outcome::Refused(output) => (Verdict::Refused, output),
        Outcome::Ask(output) => (Verdict::Ask, output),
        Outcome::Unknown(output) => (Verdict::Unknown, output),
    };
    let image = image(&output);
    // The operation has run: whatever goes wrong from here on must not read as "nothing happened".
    let Ok(Value::Object(mut output)) = serde_json::to_value(output) else {
        return Err(Failure::internal("INTERNAL", "the output of the operation is not an object")
            .sent_unknown()
            .retry(Retry::SameKey));
    };
    output.insert("network".to_owned(), Value::from(network));
    Ok(Answer { verdict, output, image })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::failure::Sent;
    use crate::limits::DESCRIPTION_CHARS;
    use crate::operations::{Access, Audience};

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Balance {
        account: String,
    }

    #[derive(JsonSchema, Serialize)]
    struct BalanceOutput {
        balance_raw: String,
    }

    impl Operation for Balance {
        type Output = BalanceOutput;
        const SPEC: Spec = Spec {
            name: "fake.balance",
            title: "Balance",
            description: "What is there.",
            audience: Audience::Agent,
            access: Access::Read,
            toolset: "fake",
            open_world: false,
        };

        async fn run(self, _: &Context) -> Result<Outcome<BalanceOutput>, Failure> {
            Ok(Outcome::Done(BalanceOutput { balance_raw: self.account }))
        }
    }

    #[test]
    fn the_answer_names_the_network() {
        let output = BalanceOutput { balance_raw: "7".to_owned() };
        let answer = answer(Outcome::Ask(output), |_| None, "sandbox").unwrap();
        assert_eq!(answer.verdict, Verdict::Ask);
        let expected = json!({"balance_raw": "7", "network": "sandbox"});
        assert_eq!(Value::Object(answer.output), expected);
    }

    #[test]
    fn an_output_that_is_no_object_may_have_sent_something() {
        let failure = answer(Outcome::Done(1), |_| None, "sandbox").unwrap_err();
        assert_eq!((failure.sent, failure.retry), (Sent::Unknown, Retry::SameKey));
    }

    #[test]
    fn wrong_arguments_are_named() {
        let wrong = read_balance(json!({"acount": "7"})).unwrap_err();
        assert_eq!(wrong.code, "INVALID_ARGUMENTS");
        assert_eq!(wrong.message, "unknown field `acount`, expected `account`");
        let wrong = read_balance(json!({"account": 7})).unwrap_err();
        assert!(wrong.message.starts_with("invalid type: integer `7`, expected a string"));
        assert_eq!(read_balance(json!({"account": "7"})).unwrap().account, "7");
    }

    #[test]
    fn wrong_arguments_are_quoted_up_to_a_bound() {
        let around = "unknown field ``, expected `account`".len();
        for over in [0, 1, 1_000_000] {
            let field = "x".repeat(QUOTE_CHARS - around + over);
            let wrong = read_balance(json!({field: 1})).unwrap_err();
            assert_eq!(wrong.message.chars().count(), QUOTE_CHARS, "{over} past the bound");
            assert_eq!(wrong.message.ends_with("`account`"), over == 0);
        }
    }

    #[test]
    fn every_schema_is_portable_and_every_input_strict() {
        let fakes: [&dyn AnyOperation; 1] = [&Of::<Balance>::NEW];
        for operation in registry().iter().copied().chain(fakes) {
            let name = operation.spec().name;
            let (input, output) = (operation.input_schema(), operation.output_schema());
            assert_eq!(schema::problems(&input), Vec::<String>::new(), "{name}: input");
            assert_eq!(schema::problems(&output), Vec::<String>::new(), "{name}: output");
            let strict = input.get("additionalProperties") == Some(&json!(false));
            assert!(strict, "{name} lacks #[serde(deny_unknown_fields)]");
        }
    }

    #[test]
    fn names_are_sorted_unique_and_described() {
        let names: Vec<_> = registry().iter().map(|operation| operation.spec().name).collect();
        let sorted: BTreeSet<_> = names.iter().copied().collect();
        assert_eq!(names, sorted.into_iter().collect::<Vec<_>>());
        for operation in registry() {
            let spec = operation.spec();
            assert!(!spec.title.is_empty(), "{}", spec.name);
            let length = spec.description.chars().count();
            assert!((1..=DESCRIPTION_CHARS).contains(&length), "{}: {length}", spec.name);
        }
    }

    fn read_balance(arguments: Value) -> Result<Balance, Failure> {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        read(arguments)
    }
}
