//! Every bound of the wallet, in one place.
//!
//! Nothing here may be worked around elsewhere: a module that needs a bound takes it from here, and each bound has a
//! test at the limit and one past it.

mod third_parties;

pub use third_parties::*;

use std::time::Duration;

/// Longest amount an agent may write, in bytes; the longest exact amount has 39 digits, a point and 30 decimals.
pub const AMOUNT_TEXT_BYTES: usize = 80;
/// Decimals of one XNO.
pub const XNO_DECIMALS: usize = 30;
/// Decimals in which budgets of every other currency are counted: millionths.
pub const BUDGET_DECIMALS: usize = 6;
/// Longest `nano:` URI accepted, in bytes.
pub const NANO_URI_BYTES: usize = 2_048;
/// Most threads one search for proof of work uses; more asked for are not started.
pub const WORK_THREADS: usize = 64;
/// Hashes of proof of work between two looks at whether the search was called off (under a millisecond).
pub const WORK_BATCH_HASHES: u64 = 4_096;
/// How long a thread searches for work before it rests its share.
pub const WORK_SPELL: Duration = Duration::from_millis(5);
/// The longest such rest, so that a search that is called off ends soon.
pub const WORK_REST_MAX: Duration = Duration::from_millis(50);
/// How often a machine on battery looks whether it still is, before it searches for work nobody waits for.
pub const WORK_BATTERY_LOOK: Duration = Duration::from_secs(30);
/// Searches that wait at `paywarden work serve`; the next one is refused.
pub const WORK_SEARCHES_SERVED: usize = 64;
/// Most searches one `benchmark` request of a work server makes.
pub const WORK_BENCHMARKS: u32 = 1_000;
/// Longest line on stdio, in bytes, without its newline.
pub const MCP_LINE_BYTES: usize = 1024 * 1024;
/// Deepest nesting of JSON on stdio.
pub const MCP_JSON_DEPTH: usize = 64;
/// Calls in flight on one stdio connection; the next one waits.
pub const MCP_CALLS_IN_FLIGHT: usize = 128;
/// What unanswered requests on one stdio connection may hold together, in bytes; beyond that nothing more is read.
pub const MCP_OPEN_BYTES: usize = 16 * 1024 * 1024;
/// The least an unanswered request counts for in [`MCP_OPEN_BYTES`], so that 1,024 of them fill it.
pub const MCP_OPEN_BYTES_EACH: usize = 16 * 1024;
/// How long calls may still be answered after the end of standard input.
pub const MCP_DRAIN: Duration = Duration::from_millis(700);
/// Progress reports of one call that wait to be written; further ones are dropped.
pub const MCP_PROGRESS_WAITING: usize = 16;
/// Most tools a host is shown.
pub const MCP_TOOLS: usize = 34;
/// Largest list of tools, in bytes of JSON.
pub const MCP_TOOLS_BYTES: usize = 55_000;
/// The same for the toolsets `wallet`, `payment` and `guard` alone.
pub const MCP_CORE_TOOLS_BYTES: usize = 18_000;
/// Longest name of a tool on the wire, in bytes.
pub const MCP_TOOL_NAME_BYTES: usize = 40;
/// Longest instructions to a host, in bytes.
pub const MCP_INSTRUCTIONS_BYTES: usize = 1_500;
/// Longest description of an operation, in characters.
pub const DESCRIPTION_CHARS: usize = 300;
/// Longest name or parser's complaint quoted back to a caller, in characters.
pub const QUOTE_CHARS: usize = 300;
/// Shortest word of a request that is written over where an answer quotes it, in bytes: shorter ones are in any text.
pub const SECRET_BYTES_LEAST: usize = 6;
/// Longest memo, in bytes.
pub const MEMO_BYTES: usize = 512;
/// Longest payee label, in bytes.
pub const LABEL_BYTES: usize = 128;
/// Longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_BYTES: usize = 128;
/// Longest identifier chosen by somebody else (mandate, agent), in bytes.
pub const ID_BYTES: usize = 128;
/// Largest mandate, in bytes of its JSON.
pub const MANDATE_BYTES: usize = 16 * 1024;
/// Longest draft of a policy, in bytes of TOML.
pub const POLICY_BYTES: usize = 64 * 1024;
/// Most currencies in one table of a policy (limits, caps in the host, pegs).
pub const POLICY_CURRENCIES: usize = 64;
/// Highest rate limit a policy sets; the times of so many requests are kept.
pub const POLICY_RATE: u32 = 10_000;
/// Shortest time a policy gives the owner to answer.
pub const APPROVAL_EXPIRY_MIN: Duration = Duration::from_secs(1);
/// Longest time a policy gives the owner to answer.
pub const APPROVAL_EXPIRY_MAX: Duration = Duration::from_secs(90 * 86_400);
/// Differences a simulation of a policy shows one by one; all are counted.
pub const SIMULATED_DIFFERENCES: usize = 100;
/// Most entries of one list of a mandate (payees, categories, merchants, ...).
pub const MANDATE_LIST: usize = 128;
/// Longest entry of such a list, in bytes.
pub const MANDATE_ENTRY_BYTES: usize = 256;
/// Most of a list that one rule of a decision shows, in bytes.
pub const RULE_LIST_BYTES: usize = 400;
/// Most currencies one mandate has caps in.
pub const MANDATE_CURRENCIES: usize = 8;
/// Shortest rolling window of a mandate.
pub const WINDOW_MIN: Duration = Duration::from_secs(1);
/// Longest rolling window of a mandate: ten years.
pub const WINDOW_MAX: Duration = Duration::from_secs(3_660 * 86_400);
/// Most mandates that are not revoked.
pub const MANDATES: u32 = 1_000;
/// Most proposed mandates that wait for the owner.
pub const PROPOSALS_WAITING: u32 = 64;
/// Most of them from one agent, so that no agent takes the others' place.
pub const PROPOSALS_PER_AGENT: u32 = 8;
/// Most payees, and most merchants, the owner keeps a row of.
pub const DIRECTORY: u32 = 10_000;
/// Most line items an agent may name, or a verified cart may hold.
pub const LINE_ITEMS: usize = 64;
/// Longest reason an operator gives (freeze, reject), in bytes.
pub const REASON_BYTES: usize = 512;
/// Most accounts one wallet derives.
pub const ACCOUNTS: u32 = 1_000;
/// Most payment requests that are watched at one time, lately expired ones included.
pub const REQUESTS_WATCHED: u32 = 20_000;
/// Most accounts that are watched for payment requests.
pub const REQUEST_ACCOUNTS: u32 = 1_000;
/// How long a payment request is open when nothing else is asked for.
pub const REQUEST_OPEN: Duration = Duration::from_secs(3_600);
/// The shortest time a payment request may be open.
pub const REQUEST_OPEN_LEAST: Duration = Duration::from_secs(10);
/// The longest time a payment request may be open.
pub const REQUEST_OPEN_MOST: Duration = Duration::from_secs(30 * 24 * 3_600);
/// How long after it has expired a payment request is watched, so that a late payment is told apart from none.
pub const REQUEST_LATE: Duration = Duration::from_secs(24 * 3_600);
/// How many steps of 10^-9 XNO a payment request adds at most to make its amount its own.
pub const REQUEST_SUFFIXES: u32 = 99_999;
/// A payment seen so much earlier than its request, by another clock, may still be meant for it.
pub const REQUEST_CLOCK_SLACK: Duration = Duration::from_secs(30);
/// Requests of one amount that are compared for a payment of just that; with more than one open none is settled.
pub const REQUEST_RIVALS: usize = 64;
/// A payment of less than this part of what was asked is not taken for an attempt to pay it.
pub const REQUEST_DUST: u128 = 100;
/// Requests that are ended in one commit.
pub const REQUESTS_ENDED: usize = 64;
/// Blocks of an account's history asked for at once when a payment is looked for.
pub const REQUEST_HISTORY_PAGE: u32 = 100;
/// Pages of one account's history looked at before others have their turn.
pub const REQUEST_HISTORY_PAGES: u32 = 10;
/// Accounts whose history is looked at in a round, in turn.
pub const REQUEST_HISTORIES: usize = 16;
/// Blocks an account may grow before it is put on the ledger how far it was looked through.
pub const REQUEST_SCAN_LAG: u64 = 64;
/// Sends remembered that settle no request, so that they are not proven again.
pub const REQUEST_DISMISSED: usize = 4_096;
/// News of sends that wait to be looked at; beyond that their accounts are.
pub const REQUEST_HEARD: usize = 1_024;
/// The least time between two looks at an account that callers ask for.
pub const REQUEST_LOOK_LEAST: Duration = Duration::from_secs(1);
/// Most accounts a websocket is asked to tell of: our own and those of payment requests.
pub const NEWS_FOLLOWED: usize = ACCOUNTS as usize + REQUEST_ACCOUNTS as usize;
/// Most single test keys a dev wallet takes in.
pub const IMPORTED_KEYS: usize = 16;
/// Accounts of an imported seed whose past is looked for on the network.
pub const HISTORY_ACCOUNTS: u32 = 10;
/// Accounts the node is asked about at one time.
pub const ACCOUNT_LOOKS: usize = 8;
/// How long the network may take to tell of the past of imported keys.
pub const HISTORY_LOOK: Duration = Duration::from_secs(30);
/// Longest line that is typed in answer to a question, in bytes.
pub const TYPED_BYTES: usize = 1_024;
/// How often the owner may get the words of a new phrase wrong before nothing is made.
pub const PHRASE_TRIES: u32 = 3;
/// Most URLs of one kind a wallet is given.
pub const ENDPOINTS: usize = 8;
/// Longest URL of a node or work server, in bytes.
pub const ENDPOINT_BYTES: usize = 2_048;
/// Most payments of one lane that wait for it or are in flight.
pub const OPEN_PAYMENTS_PER_LANE: u32 = 256;
/// Most currencies a report names.
pub const CURRENCIES: usize = 256;
/// Most revoked mandates a report names.
pub const REPORT_REVOKED: usize = 100;
/// Most orders a report names, the newest ones.
pub const REPORT_ORDERS: usize = 100;
/// Most approvals waiting at one time; the next payment that needs one is denied.
pub const APPROVALS_WAITING: u32 = 256;
/// Largest canonical ledger event, in bytes.
pub const EVENT_BYTES: usize = 64 * 1024;
/// Longest line of a ledger file, in bytes, without its newline: room for an event written with escapes.
pub const LEDGER_LINE_BYTES: usize = 512 * 1024;
/// Largest receipt that is read, in bytes.
pub const RECEIPT_BYTES: usize = 64 * 1024;
/// Largest file of a public key that is read, in bytes.
pub const KEY_FILE_BYTES: usize = 4_096;
/// Most closures the store's writer drains into one durable commit.
pub const COMMIT_BATCH: usize = 256;
/// Closures waiting for the store's writer; the next caller waits.
pub const COMMIT_QUEUE: usize = 4_096;
/// Page size of a list when none is asked for.
pub const PAGE_DEFAULT: u32 = 20;
/// Largest page of a list.
pub const PAGE_MAX: u32 = 100;
/// Largest page of ledger events.
pub const LEDGER_PAGE: u32 = 1_000;
/// How long a spending call waits for the outcome before it answers `pending`.
pub const SPEND_WAIT: Duration = Duration::from_secs(45);
/// Longest long-poll a caller may ask for.
pub const WAIT_MAX: Duration = Duration::from_secs(55);
/// An equal payment within this time of one settled or in flight is refused as a suspected duplicate.
pub const DUPLICATE_WINDOW: Duration = Duration::from_secs(60);
/// How often the same bytes are published again while a block is not confirmed.
pub const REPUBLISH_EVERY: Duration = Duration::from_secs(5);
/// The wall clock may run so much ahead of the time since boot before budgets count by the latter.
pub const CLOCK_STEP: Duration = Duration::from_secs(1);
/// Ahead by more than this, the owner is told and asked to accept it.
pub const CLOCK_JUMP: Duration = Duration::from_secs(300);
/// The span over which payments are counted for the rate limit.
pub const RATE_WINDOW: Duration = Duration::from_secs(60);
/// Events shown in a payment's trail.
pub const TRAIL_EVENTS: usize = 256;
/// Equal payments remembered for the duplicate check.
pub const LOOKALIKES: usize = 8;
/// So long after a block was signed or published last, no node having it, is it voided where its offer has ended.
pub const OFFER_ENDED_AFTER: Duration = Duration::from_secs(2);
/// How soon a block the node does not know is published again.
pub const REPUBLISH_LOST: Duration = Duration::from_millis(500);
/// After this long without an outcome a payment is marked `unknown` for the operator's attention.
pub const UNKNOWN_AFTER: Duration = Duration::from_secs(600);
/// How soon a proof of payment is handed to the payee again; doubled with each time.
pub const PRESENT_AGAIN: Duration = Duration::from_secs(2);
/// How often that pause is doubled: the longest is 64 s.
pub const PRESENT_DOUBLINGS: u32 = 5;
/// How soon a block the payee publishes is handed over again.
pub const PRESENT_CHEQUE_AGAIN: Duration = Duration::from_secs(10);
/// How long a payment that was allowed waits for a payee that cannot be asked what it wants now.
pub const PAYEE_WAIT: Duration = Duration::from_secs(60);
/// Most payments without an account of ours that are under way.
pub const OPEN_REMOTE_PAYMENTS: u32 = 256;
/// Longest name a rail gives to money that has moved, in bytes.
pub const REFERENCE_BYTES: usize = 256;
/// Most receivable blocks asked for in one request.
pub const RECEIVABLE_PAGE: u32 = 64;
/// Accounts named in one request of a round of polling.
pub const ROUND_ACCOUNTS: usize = 100;
/// While news tell what is confirmed, the network is polled so many times less often.
pub const NEWS_SLACK: u32 = 4;
/// How long a source of news that ended is left alone before it is asked again.
pub const NEWS_RETRY: Duration = Duration::from_secs(5);
/// A receive block that no node has taken for so long is cancelled by an empty block in its place.
pub const RECEIVE_REFUSED_AFTER: Duration = Duration::from_secs(120);
/// How long `wallet.receive` lets a wallet in manual mode receive.
pub const RECEIVE_ASKED: Duration = Duration::from_secs(10);
/// A block that somebody else was to publish, and that no node has seen for so long, is cancelled by an empty one.
pub const HAND_IN_REFUSED_AFTER: Duration = Duration::from_secs(120);
/// The same where whoever was to publish it has said no.
pub const HAND_IN_REFUSED_LEAST: Duration = Duration::from_secs(5);
/// Sends whose receive was refused, remembered so that they are not tried again.
pub const RECEIVES_REFUSED: usize = 1_024;
/// How long an owner's change of the representative waits for its account to be free, and for its confirmation.
pub const REPRESENTATIVE_WAIT: Duration = Duration::from_secs(45);
/// Most unknown blocks of one account that `reconcile` looks at.
pub const RECONCILE_BLOCKS: usize = 16_384;
/// Most work sources that are asked.
pub const WORK_SOURCES: usize = 8;
/// How long one work source may take.
pub const WORK_SOURCE_WAIT: Duration = Duration::from_secs(10);
/// How long a work source that lied, failed or took too long is left alone.
pub const WORK_SOURCE_REST: Duration = Duration::from_secs(60);
/// Blocks walked back from an unexpected frontier in search of our own head.
pub const FOREIGN_WALK: u32 = 64;
/// Longest line of the sandbox ledger's journal, in bytes, without its newline; a block takes about 750.
pub const SANDBOX_JOURNAL_LINE_BYTES: usize = 4_096;
/// Memory redb may use for its page cache, in bytes.
pub const STORE_CACHE_BYTES: usize = 8 * 1024 * 1024;
/// Room for the store's journal, in bytes: what is folded in after a kill, and how often redb makes its pages durable.
pub const JOURNAL_BYTES: usize = 1024 * 1024;
/// Most copies of older stores kept beside one.
pub const STORE_COPIES: u32 = 16;
/// Least time between two fsyncs of the anchor file.
pub const ANCHOR_SYNC_EVERY: Duration = Duration::from_secs(1);
/// Pause between two heads handed to the owner's `anchor_command`.
pub const ANCHOR_COMMAND_EVERY: Duration = Duration::from_secs(10);
/// How long that program may take for one head.
pub const ANCHOR_COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a stopping server may take to park what is open.
pub const SHUTDOWN: Duration = Duration::from_millis(800);
/// From the end of standard input or a signal to the end of a server's process.
pub const EXIT: Duration = Duration::from_millis(900);
/// How much of [`EXIT`] the calls under way at the end of standard input have to come to their own end.
pub const EXIT_GRACE: Duration = Duration::from_millis(400);
/// How long a call waits for funds on their way in before it says that the balance is too small.
pub const RECEIVE_WAIT: Duration = Duration::from_secs(5);
/// Longest pause between two looks at a lane with nothing to do.
pub const LANE_IDLE: Duration = Duration::from_secs(30);
/// Shortest pause between two looks at approvals that may have lapsed.
pub const TIMER_LEAST: Duration = Duration::from_millis(50);
/// Longest pause between two looks at approvals that may have lapsed.
pub const TIMER_IDLE: Duration = Duration::from_secs(30);
/// Largest frame on the wallet's socket, in bytes.
pub const SOCKET_FRAME_BYTES: usize = 16 * 1024 * 1024;
/// Events are packed into one page up to about this many bytes.
pub const LEDGER_PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Processes that may be connected to the keeper.
pub const SOCKET_CONNECTIONS: usize = 64;
/// Frames that wait to be written to one connection; progress beyond that is dropped.
pub const SOCKET_WAITING: usize = 512;
/// How long a handshake may take.
pub const HANDSHAKE: Duration = Duration::from_secs(2);
/// A keeper that was silent for this long while a call waits is taken to be stopped.
pub const KEEPER_SILENCE: Duration = Duration::from_secs(3);
/// How often a waiting caller asks the keeper for a sign of life.
pub const KEEPER_PING: Duration = Duration::from_millis(500);
/// How long a call tries to become or reach the keeper.
pub const ELECTION: Duration = Duration::from_secs(5);
/// Pause between two tries.
pub const ELECTION_PAUSE: Duration = Duration::from_millis(10);
/// How long a call is sent to one keeper after another.
pub const CALL: Duration = Duration::from_secs(60);
/// Fewest characters of an unlock or operator secret.
pub const SECRET_CHARS_MIN: usize = 8;
/// How long a wrong operator secret is answered late.
pub const WRONG_SECRET_PAUSE: Duration = Duration::from_secs(1);
/// Longest URL an operator may set, in bytes.
pub const URL_BYTES: usize = 2_048;
/// How long one connection may take to come about.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an unused connection is kept; below the minute after which many servers end theirs.
pub const CONNECTION_IDLE: Duration = Duration::from_secs(30);
/// Unused connections kept for one host.
pub const CONNECTIONS_IDLE_PER_HOST: usize = 4;
/// Most nodes one wallet asks.
pub const NODES: usize = 8;
/// Nodes that must say the same before money is decided upon, where more than one is set.
pub const NODES_AGREEING: usize = 2;
/// How long a node may take to answer a request.
pub const NODE_TIMEOUT: Duration = Duration::from_secs(8);
/// How much longer the slower nodes are waited for when enough have answered.
pub const NODE_STRAGGLERS: Duration = Duration::from_millis(250);
/// Longest answer of a node, in bytes; 64 receivables of each of 1,000 accounts take about 18 MB.
pub const NODE_BODY_BYTES: usize = 24 * 1024 * 1024;
/// Failures in a row after which a node is left alone for a while.
pub const NODE_FAILURES: u32 = 3;
/// How long a failing node is left alone at first; doubled with each further failure.
pub const NODE_REST: Duration = Duration::from_secs(1);
/// The longest a failing node is left alone.
pub const NODE_REST_MAX: Duration = Duration::from_secs(15);
/// Blocks looked up one by one for a list that does not say their sender.
pub const NODE_LOOKUPS: usize = 64;
/// How long proof of work made elsewhere may take.
pub const WORK_PEER_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest answer of a maker of work, in bytes.
pub const WORK_PEER_BODY_BYTES: usize = 64 * 1024;
/// Longest message of a node's websocket, in bytes; a confirmation takes about 1,500.
pub const NEWS_MESSAGE_BYTES: usize = 64 * 1024;
/// News that wait for a slow listener; it misses the older ones beyond that and is told so.
pub const NEWS_WAITING: usize = 1_024;
/// How long a websocket may take to connect, and to answer a request.
pub const NEWS_ANSWER: Duration = Duration::from_secs(10);
/// How often a quiet websocket is asked for a sign of life.
pub const NEWS_PING: Duration = Duration::from_secs(20);
/// A websocket that was silent for this long is given up.
pub const NEWS_SILENCE: Duration = Duration::from_secs(50);
/// Pause before the first new connection; doubled with each further failure.
pub const NEWS_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause before a new connection.
pub const NEWS_PAUSE_MAX: Duration = Duration::from_secs(60);
/// Confirmations that wait for one listener of the sandbox; a slower one misses some.
pub const SANDBOX_NEWS_WAITING: usize = 256;
/// Longest pause between two looks of the sandbox at what is to be cemented next.
pub const SANDBOX_NEWS_IDLE: Duration = Duration::from_secs(1);
/// Largest request to a simulated service, in bytes.
pub const SANDBOX_REQUEST_BYTES: usize = 1024 * 1024;
/// Largest message to the sandbox's websocket, in bytes.
pub const SANDBOX_WEBSOCKET_BYTES: usize = 256 * 1024;
/// Most faults one request may queue.
pub const SANDBOX_FAULTS: u32 = 10_000;
/// Ports that the simulated services may take, from the first one on.
pub const SANDBOX_PORTS: u16 = 100;
/// Longest time to confirmation that a sandbox can be given, in milliseconds.
pub const SANDBOX_CONFIRM_MS: u64 = 3_600_000;
/// Most redirects followed for a URL somebody else chose.
pub const REDIRECTS: usize = 3;
/// How long a host somebody else chose may take to answer.
pub const GUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// Most origins on the operator's list of exceptions.
pub const FETCH_ALLOWED: usize = 64;
/// Longest name of an agent, in bytes, when it is let in and in a mandate.
pub const AGENT_ID_BYTES: usize = 128;
/// Most agents a wallet ever has, revoked ones included.
pub const AGENTS: usize = 256;
/// Longest agent token looked at, in characters; one of ours has 47.
pub const AGENT_TOKEN_CHARS: usize = 256;
/// How often a host's user is asked about one payment.
pub const HOST_QUESTIONS: u32 = 3;
/// Most approvals through the host in [`HOST_APPROVAL_WINDOW`], for each currency.
pub const HOST_APPROVALS_A_DAY: usize = 256;
/// The span over which approvals through the host are added up.
pub const HOST_APPROVAL_WINDOW: Duration = Duration::from_secs(24 * 3600);
/// How long a tool call stays open for its host's user to answer.
pub const HOST_ANSWER: Duration = Duration::from_secs(300);
/// Fewest characters of a control token the owner sets.
pub const CONTROL_TOKEN_CHARS_MIN: usize = 16;
/// Most characters of a control token.
pub const CONTROL_TOKEN_CHARS_MAX: usize = 256;
/// Largest body of an HTTP request, in bytes.
pub const HTTP_BODY_BYTES: usize = 1024 * 1024;
/// How much of a body that is too large is read and thrown away, so that its sender hears why it was refused.
pub const HTTP_DISCARD_BYTES: usize = 16 * 1024 * 1024;
/// Longest path and query of an HTTP request, in bytes.
pub const HTTP_URI_BYTES: usize = 4_096;
/// Most header fields of an HTTP request.
pub const HTTP_HEADERS: usize = 64;
/// How long the head of an HTTP request may take, and how long a connection may be idle between two.
pub const HTTP_HEAD_TIME: Duration = Duration::from_secs(15);
/// How long the body of an HTTP request may take.
pub const HTTP_BODY_TIME: Duration = Duration::from_secs(15);
/// How long an HTTP request may take to be answered; longer than [`SPEND_WAIT`], so that a payment is told by its state.
pub const HTTP_TIME: Duration = Duration::from_secs(60);
/// Connections to one HTTP port at one time; the next one waits.
pub const HTTP_CONNECTIONS: usize = 256;
/// How long requests under way are waited for before the wallet is parked and tells them where they stand.
pub const HTTP_GRACE: Duration = Duration::from_millis(400);
/// How long answers may take to be written after that.
pub const HTTP_DRAIN: Duration = Duration::from_secs(2);
/// How often the ledger's head is looked at for a page that listens.
pub const HTTP_NEWS_EVERY: Duration = Duration::from_millis(300);
/// How often a quiet stream of news says that it is alive.
pub const HTTP_NEWS_PING: Duration = Duration::from_secs(15);
/// Pages that listen for news at one time.
pub const HTTP_NEWS_LISTENERS: usize = 16;
/// Events in the first page of a streamed ledger, so that its first byte comes soon.
pub const HTTP_AUDIT_FIRST: u32 = 100;
/// Answered approvals remembered, so that a second answer is told from an unknown one.
pub const HTTP_ANSWERED: usize = 1_024;
/// Longest e-mail address of a buyer, in bytes (RFC 5321).
pub const EMAIL_BYTES: usize = 254;
/// How long a payment token lives at most.
pub const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);
/// Tasks for third parties looked at in one round, oldest first.
pub const OUTBOX_OPEN: usize = 4_096;
/// Tasks for third parties that are done at the same time.
pub const OUTBOX_AT_WORK: usize = 8;
/// Pause after the first failure of a task for a third party; each further one doubles it.
pub const OUTBOX_RETRY: Duration = Duration::from_secs(10);
/// Longest pause between two tries of such a task.
pub const OUTBOX_RETRY_MAX: Duration = Duration::from_secs(600);
/// A third party that cannot be reached for so long is given up on.
pub const OUTBOX_GIVE_UP: Duration = Duration::from_secs(7 * 86_400);
/// Tasks of one payment that are shown.
pub const OUTBOX_OF_PAYMENT: usize = 16;
/// Longest body of a request that is paid for, in bytes: it stands on the ledger.
pub const PURCHASE_BODY_BYTES: usize = 16 * 1024;
/// Longest text of a seller that is shown, in bytes; longer ones go into a file.
pub const ANSWER_TEXT_BYTES: usize = 32 * 1024;
/// Largest picture of a seller that is shown, in bytes.
pub const ANSWER_IMAGE_BYTES: usize = 256 * 1024;
/// How long a call waits for a third party's first word after its payment has settled.
pub const OUTBOX_WORD: Duration = Duration::from_secs(5);
/// Most currencies of prices one answer names.
pub const FIAT_CURRENCIES_SHOWN: usize = 512;
