//! A payer with a keystore, and the sellers it meets.

use std::sync::Arc;
use std::time::Duration;

use paywarden::clock::{Clock, SystemClock};
use paywarden::evm::Nonce;
use paywarden::fetch::{AllowList, GuestClient, Settings, WebPlace};
use paywarden::ids::PaymentId;
use paywarden::money::{Money, Raw};
use paywarden::nano::work::generate;
use paywarden::nano::{Account, Network, Root, Seed, SignedBlock, Work};
use paywarden::network::Node as _;
use paywarden::policy::{Claims, Grant, Payee, Pegs, Rail, Request};
use paywarden::rails::x402::{
    Answer, AskError, Asked, Assets, Means, Offer, PaymentHeader, Presented, ResourceRequest,
    SellerClient, Unpayable, Wanted, authorization, choose, evm_payload, nano_payload,
    payment_header,
};
use paywarden::sandbox::nano::{Config, SandboxNode, Spelling};
use paywarden::sandbox::x402::Sellers;
use paywarden::sandbox::{Ports, Service, Serving, serve};
use paywarden::wallet::{EvmSpend, Keystore, SpendBlock};
use uuid::Uuid;

pub struct Bench {
    pub serving: Serving,
    pub node: SandboxNode,
    pub client: SellerClient,
    pub keystore: Keystore,
    pub account: Account,
}

impl Bench {
    pub async fn new() -> Self {
        let config =
            Config { confirmation_delay: Duration::from_millis(1), latency: Duration::ZERO };
        let node = SandboxNode::new(config, Arc::new(SystemClock));
        let serving = serve(node.clone(), Spelling::Cpp, Ports::Free).await.unwrap();
        let list = AllowList::parse(serving.url(Service::X402)).unwrap();
        let client = SellerClient::new(GuestClient::new(Settings::default(), list));
        let seed = Seed::from_bytes([7; 32]);
        let keystore = Keystore::new(Network::Sandbox, &seed, 1);
        let account = seed.derive(0).account();
        Self { serving, node, client, keystore, account }
    }

    pub fn sellers(&self) -> &Sellers {
        self.serving.x402()
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.serving.url(Service::X402))
    }

    pub fn request(&self, path: &str) -> ResourceRequest {
        ResourceRequest::new(self.client.guest(), None, &self.url(path), &[], None).unwrap()
    }

    pub async fn ask(&self, path: &str) -> Result<Asked, AskError> {
        match self.client.ask(&self.request(path)).await? {
            Answer::Asked(asked) => Ok(asked),
            Answer::Free(response) => panic!("{path} is free: {response:?}"),
        }
    }

    /// What is paid at a route, or why nothing is.
    pub async fn offer(&self, path: &str) -> Result<(Asked, Offer), Unpayable> {
        let asked = self.ask(path).await.unwrap();
        let offer = self.choose(&asked, path)?;
        Ok((asked, offer))
    }

    pub fn choose(&self, asked: &Asked, path: &str) -> Result<Offer, Unpayable> {
        let max = if path.contains("/nano/") { "1 XNO" } else { "1 USDC" };
        let wanted = Wanted {
            requested: &WebPlace::parse(&self.url(path)).unwrap(),
            max: max.parse().unwrap(),
            pegs: &Pegs::new(),
            wallet: Network::Sandbox,
            networks: None,
            assets: &Assets::pinned(),
            own_evm: self.keystore.evm_address(),
            own_nano: &[self.account],
            now_s: now_s(),
        };
        choose(asked, &wanted)
    }

    /// Signs for an offer, with a nonce of its own.
    pub async fn sign(&self, path: &str, asked: &Asked, offer: &Offer, nonce: u8) -> PaymentHeader {
        let payload = match &offer.means {
            Means::Evm { token, .. } => {
                let from = self.keystore.evm_address().unwrap();
                let made = authorization(offer, from, now_s(), Nonce([nonce; 32])).unwrap();
                let (domain, currency) = (token.domain.clone(), token.currency);
                let spend = EvmSpend::new(made, domain, currency, token.is_test, self.url(path));
                let grant = grant(offer.price(), &self.url(path));
                let signature = self.keystore.sign_authorization(grant, &spend).unwrap();
                evm_payload(offer, &made, &signature, now_s()).unwrap()
            }
            Means::Nano { pay_to, .. } => {
                let block = self.block(*pay_to, Raw::new(offer.terms.amount)).await;
                nano_payload(offer, &block, Network::Sandbox).unwrap()
            }
        };
        let id = format!("payment-{nonce:0>24}");
        payment_header(asked, offer, &payload, &id).unwrap()
    }

    /// Asks, signs and pays.
    pub async fn pay(&self, path: &str, nonce: u8) -> Result<Presented, AskError> {
        let (asked, offer) = self.offer(path).await.unwrap();
        let header = self.sign(path, &asked, &offer, nonce).await;
        self.client.present(&self.request(path), &header).await
    }

    /// Money in Nano for the payer.
    pub async fn fund(&self) {
        self.node.faucet_confirmed(self.account, Raw::ONE_XNO).unwrap();
        let waiting = self.node.receivable(self.account, Raw::ZERO, 1).await.unwrap();
        let frontier = paywarden::wallet::Frontier::unopened(self.account);
        let (source, amount) = (waiting[0].hash, waiting[0].amount);
        let open =
            paywarden::wallet::NonSpendBlock::receive(&frontier, source, amount, self.account);
        let mut open = self.keystore.sign_non_spend(&open.unwrap()).unwrap();
        open.work = solve(&open.block.root());
        let hash = self.node.insert(&open).unwrap();
        self.node.confirm(&hash).unwrap();
    }

    async fn block(&self, to: Account, amount: Raw) -> SignedBlock {
        let frontier =
            paywarden::rails::nano::frontier(&self.node, Network::Sandbox, self.account).await;
        let spend = SpendBlock::send(&frontier.unwrap(), amount, to).unwrap();
        let grant = grant(Money::xno(amount), &to.to_string());
        let mut signed = self.keystore.sign_spend(grant, &spend).unwrap();
        signed.work = solve(&signed.block.root());
        signed
    }
}

pub fn now_s() -> u64 {
    SystemClock.now().0 / 1_000
}

fn solve(root: &Root) -> Option<Work> {
    Some(generate(root, Network::Sandbox.thresholds().epoch_2_send, 0))
}

fn grant(amount: Money, payee: &str) -> Grant {
    crate::grant::grant(&Request {
        payment_id: PaymentId(Uuid::from_u128(7)),
        agent_id: None,
        rail: Rail::X402,
        amount,
        payee: Payee { address: payee.to_owned(), label: None },
        mandate_id: None,
        claims: Claims::default(),
        cart: None,
        terms: None,
    })
}
