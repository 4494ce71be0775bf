//! Bounds of what is exchanged with third parties: providers, sellers, merchants and their simulators.
//!
//! Nothing here may be larger because one of them wishes it.

use std::time::Duration;

/// How long a payee has at least to publish the block it was handed.
pub const CHEQUE_TIMEOUT_LEAST: Duration = Duration::from_secs(60);
/// How long at most, whatever it asks for: the account is held meanwhile.
pub const CHEQUE_TIMEOUT_MOST: Duration = Duration::from_secs(300);
/// How long a provider may take to answer one request.
pub const PROVIDER_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest answer of a provider, in bytes.
pub const PROVIDER_BODY_BYTES: usize = 1024 * 1024;
/// Shortest pause before the one retry of a read.
pub const PROVIDER_RETRY: Duration = Duration::from_secs(2);
/// What chance adds to it at most.
pub const PROVIDER_RETRY_JITTER: Duration = Duration::from_secs(1);
/// The longest pause a provider asks for that is waited out; beyond it the caller is told when to come back.
pub const PROVIDER_WAIT: Duration = Duration::from_secs(10);
/// The longest pause a provider is granted, so that one header cannot silence it for ever.
pub const PROVIDER_PAUSE_MAX: Duration = Duration::from_secs(3_600);
/// Largest exponent of an amount a provider writes, up or down.
pub const AMOUNT_EXPONENT: i32 = 64;
/// Time an attempt at Nicky must have left when money is sent for it.
pub const NICKY_TIME_LEFT: Duration = Duration::from_secs(120);
/// How often progress at Nicky is looked at in the first [`NICKY_EAGER`].
pub const NICKY_POLL: Duration = Duration::from_secs(15);
/// How often after that.
pub const NICKY_POLL_LATER: Duration = Duration::from_secs(30);
/// How long after the payment progress is looked at more often.
pub const NICKY_EAGER: Duration = Duration::from_secs(120);
/// Most assets or transactions read of one answer of Nicky.
pub const NICKY_LIST: usize = 256;
/// Time an invoice of Nanswap must have left when money is sent for it.
pub const NANSWAP_TIME_LEFT: Duration = Duration::from_secs(30);
/// How old a list of currencies may be before it is read again.
pub const NANSWAP_LIST_AGE: Duration = Duration::from_secs(3_600);
/// Longest webhook, in bytes.
pub const WEBHOOK_BYTES: usize = 64 * 1024;
/// Deepest nesting of a webhook.
pub const WEBHOOK_DEPTH: usize = 32;
/// Significant digits of an amount that is sent as a JSON number, which every reader keeps.
pub const NUMBER_DIGITS: usize = 15;
/// How long ifenpay may take to answer one request; its own client is set up for 30 s.
pub const IFENPAY_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest answer of ifenpay, in bytes.
pub const IFENPAY_BODY_BYTES: usize = 1024 * 1024;
/// Pause before ifenpay is asked once more.
pub const IFENPAY_RETRY: Duration = Duration::from_millis(500);
/// How long the answer of a top-up waits for ifenpay to say what came of it, once it is paid.
pub const CREDITS_CLAIM: Duration = Duration::from_secs(8);
/// How often ifenpay is asked whether a request was paid, as its documents advise.
pub const IFENPAY_POLL: Duration = Duration::from_secs(3);
/// Longest code of an ifenpay error, in bytes.
pub const IFENPAY_CODE_BYTES: usize = 64;
/// Blocks walked back from a head where the network does not say what follows a block.
pub const GATEWAY_WALK: u32 = 64;
/// Sends remembered by the gateway, so that each is looked up once.
pub const GATEWAY_SENDS: usize = 4_096;
/// Longest id of a payment request or top-up order at ifenpay, in bytes; a UUID has 36.
pub const IFENPAY_TRANSACTION_BYTES: usize = 64;
/// The most ifenpay may add to an amount to make it unlike all others: 0.0001 XNO, a little above its 99,999 times
/// 10^-9 XNO.
pub const IFENPAY_SUFFIX_MAX_RAW: u128 = 10_u128.pow(26);
/// The most that is paid for one credit of ifenpay unless the owner says otherwise: twice the price of seeds/001.
pub const CREDIT_PRICE_MAX_RAW: u128 = 2 * 10_u128.pow(28);
/// Longest API key of a third party, in bytes.
pub const API_KEY_BYTES: usize = 512;
/// Largest wallet file of ifenpay, in bytes; it has about 450.
pub const IFENPAY_FILE_BYTES: usize = 64 * 1024;
/// Longest word of the checkout protocol (a code, a resolution), in bytes.
pub const ACP_CODE_BYTES: usize = 64;
/// Most messages of a merchant that are read of one answer.
pub const ACP_MESSAGES: usize = 64;
/// Most pieces of all things together in one checkout.
pub const ACP_PIECES: u64 = 10_000;
/// Most entries a quantity is repeated as where a merchant takes no quantity.
pub const ACP_ENTRIES: usize = 64;
/// How long a merchant may take to answer one request.
pub const ACP_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest answer of a merchant, in bytes.
pub const ACP_BODY_BYTES: usize = 256 * 1024;
/// How long an `Idempotency-Key` at Stripe is sure to find what was made under it; Stripe keeps it for a day.
pub const STRIPE_KEY_LIFE: Duration = Duration::from_secs(23 * 3600);
/// How long Stripe may take to answer one request.
pub const STRIPE_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest answer of Stripe, in bytes.
pub const STRIPE_BODY_BYTES: usize = 256 * 1024;
/// Longest header of a payment challenge or receipt, in bytes.
pub const MPP_HEADER_BYTES: usize = 16 * 1024;
/// Longest header in which a seller asks to be paid (x402), in bytes before decoding.
pub const X402_HEADER_BYTES: usize = 16 * 1024;
/// Longest body of a 402 that is read, in bytes.
pub const X402_BODY_BYTES: usize = 64 * 1024;
/// Longest header that pays, in bytes: what a seller asked is echoed in it.
pub const X402_PAYMENT_BYTES: usize = 32 * 1024;
/// Most entries of one 402.
pub const X402_OFFERS: usize = 32;
/// Most digits of an amount in a 402.
pub const X402_AMOUNT_DIGITS: usize = 38;
/// Longest name, network or address in a 402 or of a token, in bytes.
pub const X402_TEXT_BYTES: usize = 128;
/// Most tokens the owner adds.
pub const X402_ASSET_ROWS: usize = 64;
/// The longest a signed authorisation is good for, whatever a seller asks.
pub const X402_VALIDITY: Duration = Duration::from_secs(300);
/// Fewest characters of a `payment-identifier`.
pub const X402_IDENTIFIER_LEAST: usize = 16;
/// Most characters of a `payment-identifier`.
pub const X402_IDENTIFIER_MOST: usize = 128;
/// How long after its end an attempt at Nicky is still watched.
pub const NICKY_LATE: Duration = Duration::from_secs(1_800);
/// The least time between two looks at the progress of one attempt at Nicky.
pub const NICKY_POLL_LEAST: Duration = Duration::from_secs(10);
/// How often a paid order at Nanswap is looked at in the first [`NANSWAP_EAGER`].
pub const NANSWAP_POLL: Duration = Duration::from_secs(3);
/// How long after the payment a paid order at Nanswap is looked at more often.
pub const NANSWAP_EAGER: Duration = Duration::from_secs(30);
/// How often after that, until the order's end.
pub const NANSWAP_POLL_LATER: Duration = Duration::from_secs(10);
/// How often after the order's end.
pub const NANSWAP_POLL_LATE: Duration = Duration::from_secs(30);
/// How long after its end an order at Nanswap is still watched.
pub const NANSWAP_LATE: Duration = Duration::from_secs(600);
/// Longest value of a header an agent adds to its request, in bytes.
pub const X402_VALUE_BYTES: usize = 256;
/// Longest JSON an agent sends to a seller, in bytes.
pub const X402_REQUEST_BYTES: usize = 64 * 1024;
/// Most of a seller's answer that is read, in bytes.
pub const X402_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// Sellers' answers kept in memory until they are asked for.
pub const X402_ANSWERS: usize = 8;
/// How often a process hands a settled payment's bytes over once more to get the answer that did not come through.
pub const X402_ANSWER_TRIES: u32 = 3;
/// How long a seller that is still at work is waited for.
pub const X402_ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long after its settlement a payment's answer is asked for once more.
pub const X402_ANSWER_AGE: Duration = Duration::from_secs(3_600);
/// Payments that are remembered to have brought what they were for.
pub const X402_SERVED: usize = 256;
/// How much later than its end an authorisation is taken to be over: clocks of chains differ from ours.
pub const X402_SKEW: Duration = Duration::from_secs(60);
/// How long a chain's node may take to say what the wallet holds, before a payment goes on without it.
pub const X402_BALANCE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a chain's node may take to answer.
pub const X402_CHAIN_TIMEOUT: Duration = Duration::from_secs(8);
/// Longest answer of a chain's node, in bytes.
pub const X402_CHAIN_BYTES: usize = 1024 * 1024;
/// Most networks on the owner's list of those sellers are paid on.
pub const X402_NETWORKS: usize = 32;
/// The derivation index of the account that sellers are paid from in Nano.
pub const X402_ACCOUNT_INDEX: u32 = 402;
/// The most that account is filled up to by itself: 1 XNO.
pub const X402_FLOAT_RAW: u128 = 10_u128.pow(30);
/// How long a purchase waits for money to come to that account.
pub const X402_FUNDING: Duration = Duration::from_secs(10);
/// How long a seller may take to settle and answer.
pub const X402_SETTLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest token of a merchant, in bytes.
pub const MERCHANT_TOKEN_BYTES: usize = 4_096;
/// Attempts at Nicky whose last answer is remembered.
pub const NICKY_POLLED: usize = 256;
/// Time an attempt at Nicky must have left when a block is signed for it, however long its approval took.
pub const NICKY_SIGN_MARGIN: Duration = Duration::from_secs(60);
/// Fewest characters of a transaction hash that is reported.
pub const NICKY_HASH_CHARS_MIN: usize = 32;
/// Time an order at Nanswap must have left when a block is signed for it, however long its approval took.
pub const NANSWAP_SIGN_MARGIN: Duration = Duration::from_secs(15);
/// Most currencies one answer names.
pub const NANSWAP_CURRENCIES_SHOWN: usize = 100;
/// Longest key or secret of a provider, in characters.
pub const PROVIDER_KEY_CHARS: usize = 512;
