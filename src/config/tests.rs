use super::*;

struct Fixed(Vec<(&'static str, String)>);

impl Environment for Fixed {
    fn var(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
    }
}

fn environment(dir: &std::path::Path, more: &[(&'static str, &str)]) -> Fixed {
    let mut vars = vec![("PAYWARDEN_HOME", dir.to_string_lossy().into_owned())];
    vars.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    Fixed(vars)
}

#[test]
fn flags_beat_environment_beats_file_beats_default() {
    let dir = tempfile::tempdir().unwrap();
    let load = |flags: &Flags, vars: &[(&'static str, &str)]| {
        Config::load(flags, &environment(dir.path(), vars)).unwrap()
    };
    assert_eq!(load(&Flags::default(), &[]).log, "warn");
    std::fs::write(dir.path().join("config.toml"), "log = \"info\"\n").unwrap();
    assert_eq!(load(&Flags::default(), &[]).log, "info");
    let vars = [("PAYWARDEN_LOG", "error")];
    assert_eq!(load(&Flags::default(), &vars).log, "error");
    let flags = Flags { log: Some("debug".into()), ..Flags::default() };
    let config = load(&flags, &vars);
    assert_eq!((config.log.as_str(), config.origins["log"].origin), ("debug", Origin::Flag));
}

#[test]
fn a_survey_sees_what_cannot_be_used() {
    let dir = tempfile::tempdir().unwrap();
    let vars = [("PAYWARDEN_NETWORK", "mainnet"), ("PAYWARDEN_WORK_THREADS", "0")];
    let survey = Survey::of(&Flags::default(), &environment(dir.path(), &vars));
    assert_eq!(survey.network, None);
    assert_eq!(survey.home, Some(Home::new(dir.path().to_owned())));
    let value = |name: &str| survey.origins[name].value.as_str();
    assert_eq!(["network", "work_threads", "log"].map(value), ["mainnet", "0", "warn"]);
    // Unlock secret, agent token and control token are no settings to show.
    assert_eq!(survey.origins.len(), VARIABLES.len() - 5);
    for name in survey.origins.keys() {
        assert!(VARIABLES.contains(&variable(name)), "{name}");
    }
}

#[test]
fn an_agent_token_ends_at_its_bound_and_does_not_show() {
    let dir = tempfile::tempdir().unwrap();
    let load = |token: &str| {
        Config::load(&Flags::default(), &environment(dir.path(), &[(AGENT_TOKEN, token)]))
    };
    let most = "x".repeat(crate::limits::AGENT_TOKEN_CHARS);
    let config = load(&format!("{most}\n")).unwrap();
    assert!(config.agent_token.as_ref().unwrap().is_same_as(&Secret::new(most.clone())));
    assert!(!format!("{config:?}").contains("xxx"));
    let failure = load(&format!("{most}x")).unwrap_err();
    assert!(failure.message.contains(AGENT_TOKEN) && !failure.message.contains("xxx"));
    assert!(load("").unwrap().agent_token.is_none());
}

#[test]
fn a_misspelt_key_or_value_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.toml"), "\nlogg = \"info\"\n").unwrap();
    let failure = Config::load(&Flags::default(), &environment(dir.path(), &[])).unwrap_err();
    assert!(failure.message.contains("line 2") && failure.message.contains("logg"));
    std::fs::remove_file(dir.path().join("config.toml")).unwrap();
    for (name, value) in [
        ("PAYWARDEN_NETWORK", "mainnet"),
        ("PAYWARDEN_TOOL_NAMES", "dots"),
        ("PAYWARDEN_WORK_THREADS", "0"),
        ("PAYWARDEN_WORK_THREADS", "65"),
        ("PAYWARDEN_WORK_MAX_PERCENT", "0"),
        ("PAYWARDEN_WORK_MAX_PERCENT", "101"),
        ("PAYWARDEN_WORK_MAX_PERCENT", "-5"),
        ("PAYWARDEN_READ_ONLY", "yes"),
    ] {
        let environment = environment(dir.path(), &[(name, value)]);
        let failure = Config::load(&Flags::default(), &environment).unwrap_err();
        assert!(failure.message.contains(value) && failure.message.contains(name), "{failure}");
    }
    for percent in [1, 100] {
        let text = percent.to_string();
        let environment = environment(dir.path(), &[("PAYWARDEN_WORK_MAX_PERCENT", &text)]);
        let config = Config::load(&Flags::default(), &environment).unwrap();
        assert_eq!(config.work_max_percent, percent);
    }
}

#[test]
fn urls_have_three_spellings_a_bound_and_no_secrets_on_show() {
    let dir = tempfile::tempdir().unwrap();
    let load = |flags: &Flags, vars: &[(&'static str, &str)]| {
        Config::load(flags, &environment(dir.path(), vars))
    };
    assert_eq!(load(&Flags::default(), &[]).unwrap().reach, Reach::default());
    let file = "node_url = [\"https://a.example/key1\", \"https://b.example\"]\n";
    std::fs::write(dir.path().join("config.toml"), file).unwrap();
    let config = load(&Flags::default(), &[]).unwrap();
    assert_eq!(config.reach.node_urls.len(), 2);
    assert_eq!(config.origins["node_url"].value, "https://a.example/…,https://b.example/");
    let vars = [("PAYWARDEN_NODE_URL", "http://localhost:1"), ("PAYWARDEN_NODE_WS", "ws://[::1]")];
    let config = load(&Flags::default(), &vars).unwrap();
    assert_eq!(config.reach.node_urls[0].expose(), "http://localhost:1/");
    assert!(config.reach.node_ws.is_some());
    let flags = Flags { node_url: vec!["http://localhost:2".into()], ..Flags::default() };
    let config = load(&flags, &vars).unwrap();
    assert_eq!(config.reach.node_urls[0].expose(), "http://localhost:2/");
    let many = ["http://localhost:1"; limits::ENDPOINTS].join(",");
    assert!(load(&Flags::default(), &[("PAYWARDEN_WORK_URL", &many)]).is_ok());
    for (name, value) in [
        ("PAYWARDEN_WORK_URL", format!("{many},http://localhost:1")),
        ("PAYWARDEN_NODE_URL", "http://hunter2.example".to_owned()),
        ("PAYWARDEN_NODE_URL", "https://a.example,,".to_owned()),
        ("PAYWARDEN_NODE_WS", "ws://localhost:1,ws://localhost:2".to_owned()),
        ("PAYWARDEN_SANDBOX_URL", "hunter2".to_owned()),
    ] {
        let failure = load(&Flags::default(), &[(name, &value)]).unwrap_err();
        assert!(!failure.to_string().contains("hunter2"), "{failure}");
        let vars = [(name, value.as_str())];
        let survey = Survey::of(&Flags::default(), &environment(dir.path(), &vars));
        let shown = format!("{:?}", survey.origins);
        assert!(!shown.contains("hunter2") && !shown.contains("key1"), "{shown}");
    }
}

#[test]
fn each_network_has_a_home_of_its_own() {
    let data = std::path::absolute("data").unwrap();
    let vars = vec![
        ("XDG_DATA_HOME", data.to_string_lossy().into_owned()),
        ("HOME", data.to_string_lossy().into_owned()),
        ("LOCALAPPDATA", data.to_string_lossy().into_owned()),
    ];
    let home = |network: &str| {
        let flags = Flags { network: Some(network.into()), ..Flags::default() };
        Config::load(&flags, &Fixed(vars.clone())).unwrap().home
    };
    assert!(home("sandbox").dir().ends_with("paywarden/sandbox"));
    assert_ne!(home("sandbox"), home("live"));
}

#[test]
fn stripe_and_the_guards_exceptions_are_set_and_the_key_never_shows() {
    let dir = tempfile::tempdir().unwrap();
    let load = |vars: &[(&'static str, &str)]| {
        Config::load(&Flags::default(), &environment(dir.path(), vars))
    };
    let file = "stripe_secret_key = \"hunter2\"\nfetch_allow = [\"http://127.0.0.1:8080\"]\n";
    std::fs::write(dir.path().join("config.toml"), file).unwrap();
    let config = load(&[]).unwrap();
    assert_eq!(config.origins["stripe_secret_key"].value, "set");
    assert!(config.reach.provider_urls.is_empty() && !format!("{config:?}").contains("hunter2"));
    let allowed = crate::fetch::AllowList::parse("http://127.0.0.1:8080").unwrap();
    assert_eq!(config.reach.fetch_allow, allowed);
    let vars = [("STRIPE_API_URL", "https://stripe.example"), ("STRIPE_SECRET_KEY", "hunter3\n")];
    let config = load(&vars).unwrap();
    let key = config.third_parties.stripe_key.as_ref().unwrap();
    assert!(key.is_same_as(&Secret::new("hunter3".to_owned())));
    assert_eq!(config.origins["stripe_api_url"].value, "https://stripe.example/");
    let longest = "x".repeat(crate::limits::API_KEY_BYTES);
    assert!(load(&[("STRIPE_SECRET_KEY", &longest)]).is_ok());
    for (name, value) in [
        ("STRIPE_SECRET_KEY", format!("{longest}x")),
        ("STRIPE_API_URL", "http://stripe.example".to_owned()),
        ("STRIPE_API_URL", "https://a.example,https://b.example".to_owned()),
        ("PAYWARDEN_FETCH_ALLOW", "127.0.0.1".to_owned()),
        ("PAYWARDEN_FETCH_ALLOW", "http://127.0.0.1:8080/x".to_owned()),
    ] {
        let failure = load(&[(name, &value)]).unwrap_err();
        assert_eq!(failure.code, "CONFIG_INVALID", "{name}");
        assert!(!failure.message.contains("xxx"), "{name}");
    }
}

#[test]
fn third_parties_are_set_in_every_spelling_and_a_key_never_shows() {
    let dir = tempfile::tempdir().unwrap();
    let load = |vars: &[(&'static str, &str)]| {
        Config::load(&Flags::default(), &environment(dir.path(), vars))
    };
    let config = load(&[]).unwrap();
    assert_eq!((config.reach.gateway, config.reach.is_empty()), (None, true));
    assert_eq!(config.origins["ifenpay_api_key"].value, "not set");
    let file = "gateway = \"ifenpay\"\nifenpay_api_key = \"hunter2\"\ncredit_price_max = \"0.5\"\n";
    std::fs::write(dir.path().join("config.toml"), file).unwrap();
    let config = load(&[]).unwrap();
    assert!(config.reach.is_through_ifenpay());
    assert!(config.third_parties.ifenpay_key.is_some());
    assert_eq!(config.third_parties.credit_price_max, crate::money::Raw::from_xno("0.5").unwrap());
    assert!(!format!("{config:?}").contains("hunter2"));
    let vars = [
        ("IFENPAY_API_URL", " https://pay.example "),
        ("IFENPAY_API_KEY", "hunter3\n"),
        ("PAYWARDEN_GATEWAY", "node"),
        ("PAYWARDEN_PAYMENT_BACKEND", "ifenpay"),
    ];
    let config = load(&vars).unwrap();
    let key = config.third_parties.ifenpay_key.as_ref().unwrap();
    assert!(key.is_same_as(&Secret::new("hunter3".to_owned())));
    assert_eq!(config.origins["ifenpay_api_url"].value, "https://pay.example/");
    assert_eq!(config.origins["ifenpay_api_key"].value, "set");
    assert!(!format!("{config:?}").contains("hunter"));
    let longest = "x".repeat(crate::limits::API_KEY_BYTES);
    assert!(load(&[("IFENPAY_API_KEY", &longest)]).is_ok());
    for (name, value) in [
        ("IFENPAY_API_KEY", format!("{longest}x")),
        ("IFENPAY_API_URL", "http://pay.example".to_owned()),
        ("IFENPAY_API_URL", "https://a.example,https://b.example".to_owned()),
        ("PAYWARDEN_GATEWAY", "Node".to_owned()),
        ("PAYWARDEN_PAYMENT_BACKEND", "both".to_owned()),
        ("PAYWARDEN_CREDIT_PRICE_MAX", "0".to_owned()),
        ("PAYWARDEN_CREDIT_PRICE_MAX", "-1".to_owned()),
        ("PAYWARDEN_CREDIT_PRICE_MAX", "1e3".to_owned()),
    ] {
        let failure = load(&[(name, &value)]).unwrap_err();
        assert_eq!(failure.code, "CONFIG_INVALID", "{name}");
        assert!(!failure.message.contains("xxx"), "{name}");
    }
}

#[test]
fn where_sellers_are_paid_is_only_narrowed_by_flag_and_variable() {
    let dir = tempfile::tempdir().unwrap();
    let load = |text: Option<&str>| {
        let vars: Vec<_> = text.map(|text| ("PAYWARDEN_X402_NETWORKS", text)).into_iter().collect();
        let config = Config::load(&Flags::default(), &environment(dir.path(), &vars));
        config.map(|config| config.third_parties.sellers.networks)
    };
    let list =
        |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>());
    assert_eq!(load(None).unwrap(), None);
    assert_eq!(load(Some("eip155:1")).unwrap(), list(&["eip155:1"]));
    let file = "x402_networks = [\"eip155:8453\", \"nano:mainnet\"]\n";
    std::fs::write(dir.path().join("config.toml"), file).unwrap();
    for (text, networks) in [
        (None, list(&["eip155:8453", "nano:mainnet"])),
        (Some("all"), list(&["eip155:8453", "nano:mainnet"])),
        (Some("nano:mainnet,eip155:1"), list(&["nano:mainnet"])),
        (Some("eip155:1"), list(&[])),
    ] {
        assert_eq!(load(text).unwrap(), networks, "{text:?}");
    }
    std::fs::write(dir.path().join("config.toml"), "x402_networks = \"base\"\n").unwrap();
    assert!(load(Some("all")).unwrap_err().message.contains("base"));
}

#[test]
fn tokens_have_three_spellings_and_a_misspelt_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let load = |flags: &Flags, vars: &[(&'static str, &str)]| {
        let config = Config::load(flags, &environment(dir.path(), vars));
        config.map(|config| config.reach.x402_assets)
    };
    assert!(load(&Flags::default(), &[]).unwrap().is_empty());
    let file = "[[x402_assets]]\nnetwork = \"eip155:8453\"\n\
        address = \"0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42\"\nname = \"EURC\"\n\
        version = \"2\"\ndecimals = 6\nsymbol = \"EURC\"\ntest = false\n";
    std::fs::write(dir.path().join("config.toml"), file).unwrap();
    let rows = load(&Flags::default(), &[]).unwrap();
    assert_eq!((rows[0].chain_id, rows[0].symbol.as_str()), (8_453, "EURC"));
    let json = serde_json::to_string(&rows).unwrap();
    let other = json.replace("8453", "1");
    let vars = [("PAYWARDEN_X402_ASSETS", &*other)];
    assert_eq!(load(&Flags::default(), &vars).unwrap()[0].chain_id, 1);
    let third_parties = ThirdPartyFlags { x402_assets: Some(json), ..ThirdPartyFlags::default() };
    let flags = Flags { third_parties, ..Flags::default() };
    assert_eq!(load(&flags, &vars).unwrap(), rows);
    for (from, to) in [
        ("decimals = 6", "decimals = 600"),
        ("version", "versoin"),
        ("db42", "db43"),
        ("Fdb1adb42", "fdb1adb42"),
        ("eip155:", "eip155:0"),
    ] {
        let wrong = file.replace(from, to);
        std::fs::write(dir.path().join("config.toml"), wrong).unwrap();
        let failure = load(&Flags::default(), &[]).unwrap_err();
        assert!(failure.message.contains("line"), "{to}: {failure}");
    }
}
