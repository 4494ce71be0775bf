//! Settings about Nicky and Nanswap Pay. A secret comes from the environment or `config.toml`, and shows as "set".

use super::{Origin, Setting, Sources, invalid};
use crate::engine::PayerDefaults;
use crate::failure::Failure;
use crate::fetch::{BaseUrl, PlainText};
use crate::limits;
use crate::process::ProviderSettings;
use crate::providers::nicky::Payer;
use crate::secret::Secret;
use crate::surfaces::cli::provider_args::ProviderFlags;

impl Sources<'_> {
    /// All of them; each is looked at before the first error, so that none is shown with what may be secret in it.
    pub(super) fn providers(&mut self, flags: &ProviderFlags) -> Result<ProviderSettings, Failure> {
        let nicky_url = self.base_url("nicky_api_url", flags.nicky_api_url.clone());
        let nanswap_url = self.base_url("nanswap_api_url", flags.nanswap_api_url.clone());
        let nanswap_key = self.secret("nanswap_pay_key", "NANSWAP_PAY_KEY");
        let webhook = self.secret("nanswap_webhook_secret", "NANSWAP_WEBHOOK_SECRET");
        let payer = self.payer(flags);
        Ok(ProviderSettings {
            nicky_url: nicky_url?,
            payer: payer?,
            nanswap_url: nanswap_url?,
            nanswap_key: nanswap_key?,
            nanswap_webhook_secret: webhook?,
        })
    }

    fn payer(&mut self, flags: &ProviderFlags) -> Result<PayerDefaults, Failure> {
        let name = self.take("nicky_payer_name", flags.nicky_payer_name.clone(), UNSET).value;
        let email = self.take("nicky_payer_email", flags.nicky_payer_email.clone(), UNSET).value;
        let set = |text: String| (text != UNSET).then_some(text);
        let payer = PayerDefaults { name: set(name), email: set(email) };
        if let (Some(name), Some(email)) = (&payer.name, &payer.email) {
            let checked = Payer::new(name, email);
            checked.map_err(|e| invalid(format!("nicky_payer_name and nicky_payer_email: {e}")))?;
        }
        Ok(payer)
    }

    fn base_url(
        &mut self,
        name: &'static str,
        flag: Option<String>,
    ) -> Result<Option<BaseUrl>, Failure> {
        let taken = self.take(name, flag, UNSET);
        if taken.value == UNSET {
            return Ok(None);
        }
        let parsed = BaseUrl::parse(&taken.value, PlainText::Loopback);
        let value = match &parsed {
            Ok(url) => url.origin(),
            Err(_) => "set, and cannot be used".to_owned(),
        };
        self.origins.insert(name, Setting { value, origin: taken.origin });
        let refused =
            |error| invalid(format!("{name} (from {}) cannot be used: {error}", taken.origin));
        parsed.map(Some).map_err(refused)
    }

    fn secret(
        &mut self,
        name: &'static str,
        variable: &'static str,
    ) -> Result<Option<Secret>, Failure> {
        let in_file = self.file.secret(name).map(|secret| (secret, Origin::File));
        let set = self.environment.var(variable).filter(|text| !text.is_empty());
        // It passes through no `Setting` but as a word: those are shown.
        let set = set.map(|text| (Secret::new(text), Origin::Environment(variable))).or(in_file);
        let origin = set.as_ref().map_or(Origin::Default, |(_, origin)| *origin);
        let secret = set.map(|(secret, _)| secret.without_line_end());
        let secret = secret.filter(|secret| secret.length() > 0);
        let value = if secret.is_some() { "set" } else { "not set" }.to_owned();
        self.origins.insert(name, Setting { value, origin });
        if secret.as_ref().is_some_and(|secret| secret.length() > limits::PROVIDER_KEY_CHARS) {
            return Err(invalid(format!("{name} (from {origin}) is too long to be a key")));
        }
        Ok(secret)
    }
}

/// What a setting nobody has set shows as.
const UNSET: &str = "none";

#[cfg(test)]
mod tests {
    use super::super::{Environment, FileSettings};
    use super::*;

    struct Variables(&'static [(&'static str, &'static str)]);

    impl Environment for Variables {
        fn var(&self, name: &str) -> Option<String> {
            let found = self.0.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        }
    }

    fn load(
        variables: &'static [(&'static str, &'static str)],
        file: &str,
    ) -> (Result<ProviderSettings, Failure>, String) {
        let environment = Variables(variables);
        let mut sources = Sources::new(&environment);
        sources.file = toml::from_str::<FileSettings>(file).unwrap();
        let settings = sources.providers(&ProviderFlags::default());
        (settings, format!("{:?}", sources.origins))
    }

    #[test]
    fn secrets_come_from_two_places_and_are_shown_in_none() {
        let (settings, shown) = load(
            &[("NANSWAP_PAY_KEY", "sk-hunter2\n"), ("NICKY_API_URL", "http://127.0.0.1:1/hunter2")],
            "nanswap_webhook_secret = \"wh-hunter2\"\nnanswap_pay_key = \"of the file\"",
        );
        let settings = settings.unwrap();
        assert_eq!(settings.nanswap_key.as_ref().unwrap().expose(), *b"sk-hunter2");
        assert_eq!(settings.nanswap_webhook_secret.as_ref().unwrap().expose(), *b"wh-hunter2");
        assert!(!format!("{settings:?}{shown}").contains("hunter2"), "{shown}");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for variables in [
            &[("NICKY_API_URL", "http://pay.example/")][..],
            &[("NANSWAP_API_URL", "nonsense")],
            &[("NICKY_PAYER_NAME", "Ada"), ("NICKY_PAYER_EMAIL", "ada@example.com")],
            &[("NICKY_PAYER_NAME", "Ada"), ("NICKY_PAYER_EMAIL", "nobody")],
        ] {
            let (settings, _) = load(variables, "");
            assert_eq!(settings.unwrap_err().code, "CONFIG_INVALID", "{variables:?}");
        }
        let long = "x".repeat(limits::PROVIDER_KEY_CHARS + 1);
        for (length, is_taken) in [(long.len() - 1, true), (long.len(), false)] {
            let (settings, _) = load(&[], &format!("nanswap_pay_key = {:?}", &long[..length]));
            assert_eq!(settings.is_ok(), is_taken, "{length}");
        }
        let (settings, _) = load(&[("NICKY_PAYER_NAME", "Ada")], "");
        assert_eq!(settings.unwrap().payer.name.as_deref(), Some("Ada"));
    }
}
