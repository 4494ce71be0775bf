//! Making a wallet that holds more than play money: keys sealed with the unlock secret, and the operator secret's
//! verifier as one of the first ledger events.
//!
//! Never touches a wallet that is there, and never makes one of the sandbox's keys, which lie open on the disk.

use std::convert::Infallible;
use std::path::Path;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::boot::{Boot, key_failure, random};
use super::home::{Home, files};
use super::lock::WalletLock;
use super::past::Past;
use crate::books::{Body, Event};
use crate::engine::store_failure;
use crate::failure::Failure;
use crate::ids::WalletId;
use crate::nano::{Account, Network};
use crate::policy::Policy;
use crate::secret::{Secret, SecretVerifier};
use crate::store::CommitError;
use crate::wallet::{KeyFile, KeyFileRandom, KeyMaterial};

/// What a new wallet is made with.
#[derive(Debug)]
pub struct Init {
    /// Opens the keys.
    pub unlock: Secret,
    /// Approves, unfreezes, changes policy.
    pub operator: Secret,
    /// What its keys come from.
    pub keys: KeyMaterial,
    /// For imported keys, what the owner knows of their past.
    pub past: Option<Past>,
}

impl Boot {
    /// Whether a wallet may be made here, before anybody is asked for secrets.
    ///
    /// # Errors
    /// When none may.
    pub fn check_init(&self) -> Result<(), Failure> {
        if self.network == Network::Sandbox {
            return Err(Failure::refused("NOT_NEEDED", "the sandbox makes its own wallet")
                .hint("Choose a network with --network dev, beta or live"));
        }
        for file in [files::KEYSTORE, files::STORE, files::LEDGER_KEY] {
            if self.home.path(file).exists() {
                let message = format!("there is a wallet here already ({file})");
                return Err(Failure::refused("WALLET_EXISTS", message)
                    .hint("Choose another home; nothing was changed"));
            }
        }
        Ok(())
    }

    /// Makes the wallet of this home. Never touches one that is there.
    ///
    /// # Errors
    /// When there is a wallet already, a secret is too short, or the home cannot be written.
    pub async fn init(&self, init: &Init) -> Result<Account, Failure> {
        self.check_init()?;
        check_secrets(&init.unlock, &init.operator)?;
        self.refuse_sandbox_keys(&init.keys)?;
        let no_key = || Failure::internal("INTERNAL", "the keys have no first account");
        let account = init.keys.account(0).ok_or_else(no_key)?;
        self.home.create()?;
        let _lock = WalletLock::acquire(&self.home)?;
        self.check_init()?;
        let verifier = SecretVerifier::new(&init.operator, salt()?);
        let verifier = verifier.map_err(|e| Failure::internal("NO_MEMORY", e.to_string()))?;
        self.seal(&init.keys, &init.unlock)?;
        self.reach.keep_secret_parts(&self.home)?;
        self.found(init, account, verifier).await?;
        Ok(account)
    }

    /// Writes the key file, sealed anew.
    pub(super) fn seal(&self, keys: &KeyMaterial, unlock: &Secret) -> Result<(), Failure> {
        let nonce = <[u8; 24]>::try_from(&random()?[..24]).unwrap_or([0; 24]);
        let random_bytes = KeyFileRandom { salt: salt()?, nonce };
        let key_file = KeyFile::protected(self.network, keys, unlock, random_bytes);
        let key_file = key_file.map_err(key_failure)?;
        Ok(self.home.write(files::KEYSTORE, &key_file.to_json())?)
    }

    /// The sandbox beside this home keeps its seed as it is: whoever read it there must not find money under it here.
    fn refuse_sandbox_keys(&self, keys: &KeyMaterial) -> Result<(), Failure> {
        let beside = self.home.dir().parent().unwrap_or(Path::new("."));
        let sandbox = Home::new(beside.join(Network::Sandbox.as_str()));
        let Ok(Some(text)) = sandbox.read(files::KEYSTORE) else { return Ok(()) };
        let text = Zeroizing::new(text);
        let file = KeyFile::parse(&text, Network::Sandbox).ok();
        let theirs = file.and_then(|file| file.keys(None).ok().flatten());
        if theirs.is_some_and(|theirs| theirs.account(0) == keys.account(0)) {
            let message = "this is the seed of the sandbox, which lies open on this disk";
            return Err(Failure::refused("SANDBOX_KEYS", message)
                .hint("Make a new wallet: run `paywarden init` without --import"));
        }
        Ok(())
    }

    async fn found(
        &self,
        init: &Init,
        account: Account,
        verifier: SecretVerifier,
    ) -> Result<(), Failure> {
        let signer = self.signer()?;
        let ledger_key = signer.public_pem();
        let store = self.store(signer)?;
        let (network, policy) = (self.network, Policy::live());
        let policy_hash = policy.hash();
        let mut events: Vec<Event> = vec![
            Body::WalletCreated { wallet_id: WalletId(Uuid::new_v4()), network, ledger_key }.into(),
            Body::OperatorSet { verifier }.into(),
            Body::PolicyLoaded { policy, policy_hash }.into(),
        ];
        if !self.reach.is_empty() {
            events.push(self.reach.event().into());
        }
        if let Some(past) = &init.past {
            events.push(past.event().into());
        }
        events.push(Body::AccountAdded { index: 0, account }.into());
        let used = init.past.iter().flat_map(Past::found).map(|found| &found.account);
        for past in used.filter(|past| past.index != 0) {
            events.push(Body::AccountAdded { index: past.index, account: past.account }.into());
        }
        let commit = store.commit::<(), Infallible, _>(move |_| Ok((events, ())));
        let committed = commit.await.map(drop).map_err(|error| match error {
            CommitError::Refused(never) => match never {},
            CommitError::Store(error) => store_failure(&error),
        });
        store.close();
        committed
    }
}

/// Whether two secrets will do, as soon as they are typed.
pub(super) fn check_secrets(unlock: &Secret, operator: &Secret) -> Result<(), Failure> {
    check(unlock, "unlock")?;
    check(operator, "operator")?;
    if unlock.is_same_as(operator) {
        let message = "the operator secret must differ from the unlock secret";
        return Err(Failure::invalid("SECRETS_EQUAL", message)
            .hint("The unlock secret is known to the host, and so to whoever can read its files"));
    }
    Ok(())
}

fn salt() -> Result<[u8; 16], Failure> {
    Ok(<[u8; 16]>::try_from(&random()?[..16]).unwrap_or([0; 16]))
}

fn check(secret: &Secret, which: &str) -> Result<(), Failure> {
    if secret.length() >= crate::limits::SECRET_CHARS_MIN {
        return Ok(());
    }
    let message = format!(
        "the {which} secret has {} characters; at least {} are needed",
        secret.length(),
        crate::limits::SECRET_CHARS_MIN
    );
    Err(Failure::invalid("SECRET_TOO_SHORT", message).hint("Several random words are easy to type"))
}
