use proptest::prelude::*;

use super::*;
use crate::money::Raw;

const ONE: u128 = Raw::ONE_XNO.get();

fn error(text: &str) -> DraftError {
    Policy::from_toml(text).expect_err(text)
}

#[test]
fn a_draft_is_read_to_the_last_unit() {
    let policy = Policy::from_toml(
        r#"
        mode = "autonomous"
        require_mandate = false
        payments_per_minute = 5
        approval_expiry = "90m"
        receive_minimum = "1"
        receive_mode = "manual"
        [limits.XNO]
        hard_limit = "0.5 XNO"
        auto_approve = "1000"
        [limits.USD]
        hard_limit = "12.50 USD"
        [host_approval]
        enabled = true
        limits.USD = { per_payment = "1 USD", per_day = "1.00 USD" }
        [pegs]
        "#,
    )
    .unwrap();
    let usd: Currency = "USD".parse().unwrap();
    assert_eq!(policy.mode, Mode::Autonomous);
    assert_eq!(policy.approval_expiry_ms, 5_400_000);
    assert_eq!(policy.receive_minimum_raw, 1);
    assert_eq!(policy.payments_per_minute_overall, Policy::live().payments_per_minute_overall);
    assert_eq!(policy.limits[&Currency::XNO].hard_limit, ONE / 2);
    assert_eq!(policy.limits[&Currency::XNO].auto_approve, 1_000);
    assert_eq!(policy.limits[&usd], CurrencyLimits { hard_limit: 1_250, auto_approve: 0 });
    assert_eq!(policy.host_approval.limits[&usd], HostLimits { per_payment: 100, per_day: 100 });
    assert!(policy.pegs.is_empty());
}

#[test]
fn what_is_left_out_is_the_careful_way() {
    let empty = Policy::from_toml("").unwrap();
    assert_eq!(empty, Policy { limits: BTreeMap::new(), ..Policy::live() });
    assert!(!empty.host_approval.enabled && empty.require_mandate);
}

#[test]
fn the_defaults_come_back_with_their_hash() {
    for policy in [Policy::sandbox(), Policy::live()] {
        let back = Policy::from_toml(&policy.to_toml()).unwrap();
        assert_eq!(back, policy);
        assert_eq!(back.hash(), policy.hash());
    }
}

#[test]
fn a_misspelt_key_is_refused_with_its_line_and_the_right_one() {
    for (text, line, hint) in [
        ("mode = \"tiered\"\nrequire_mandat = true", 2, "require_mandate"),
        ("\n\n[limit.XNO]\nhard_limit = \"1 XNO\"", 3, "limits"),
        ("[limits.XNO]\nhard_limit = \"1 XNO\"\nautoApprove = \"1 XNO\"", 3, "auto_approve"),
        ("[host_approval]\nenable = true", 2, "enabled"),
        ("[host_approval.limits.XNO]\nper_payment = \"1 XNO\"\nper_days = \"1 XNO\"", 3, "per_day"),
        ("mode = \"teired\"", 1, "\"tiered\""),
        ("receive_mode = \"Manual\"", 1, "\"manual\""),
    ] {
        let error = error(text);
        assert_eq!(error.line, Some(line), "{text}: {error}");
        assert!(error.hint().contains(hint), "{text}: {}", error.hint());
    }
    assert!(error("colour = 1").hint().contains("require_mandate"));
}

#[test]
fn an_error_names_as_much_of_its_place_as_is_known() {
    let shown = |line, key: &str| {
        DraftError { line, key: key.to_owned(), problem: Problem::Zero }.to_string()
    };
    assert_eq!(shown(Some(3), "a.b"), "line 3, a.b: the amount is zero");
    assert_eq!(shown(Some(3), ""), "line 3: the amount is zero");
    assert_eq!(shown(None, "a.b"), "a.b: the amount is zero");
    assert_eq!(shown(None, ""), "the amount is zero");
}

#[test]
fn hostile_values_are_refused() {
    for bad in [
        "\"-1 XNO\"",
        "\"0 XNO\"",
        "\"0\"",
        "1",
        "1.5",
        "nan",
        "-inf",
        "1979-05-27",
        "true",
        "[]",
        "{}",
        "\"\"",
        "\"1\u{a0}XNO\"",
        "\"1XNO\"",
        "\"1 USD\"",
        "\"1e3 XNO\"",
        "\"NaN XNO\"",
        "\"01\"",
        "\"1.0000000000000000000000000000001 XNO\"",
        "\"340282366920938463463374607431768211456\"",
        "\"340282366920938463464 XNO\"",
        "\"+1 XNO\"",
        "\" 1 XNO\"",
        "\"1  XNO\"",
    ] {
        let error = error(&format!("[limits.XNO]\nhard_limit = {bad}"));
        assert_eq!(error.line, Some(2), "{bad}: {error}");
        assert_eq!(error.key, "limits.XNO.hard_limit", "{bad}");
        assert!(!error.hint().is_empty());
    }
    let per = |value: &str| format!("payments_per_minute = {value}");
    for bad in
        ["-1", "10001", "4294967296", "99999999999999999999", "1.0", "nan", "\"60\"", "1979-05-27"]
    {
        assert_eq!(error(&per(bad)).line, Some(1), "{bad}");
    }
    assert_eq!(Policy::from_toml(&per("10_000")).unwrap().payments_per_minute, limits::POLICY_RATE);
    assert_eq!(Policy::from_toml(&per("0x10")).unwrap().payments_per_minute, 16);
    for bad in [
        "mode = \"\"",
        "mode = 1",
        "mode = [\"tiered\"]",
        "require_mandate = \"true\"",
        "require_mandate = 1",
    ] {
        assert_eq!(error(bad).line, Some(1), "{bad}");
    }
}

#[test]
fn what_stands_twice_is_refused() {
    for bad in [
        "mode = \"tiered\"\nmode = \"autonomous\"",
        "[limits.XNO]\nhard_limit = \"1 XNO\"\n[limits.XNO]\nhard_limit = \"2 XNO\"",
        "[pegs]\nUSDC = \"USD\"\nUSDC = \"EUR\"",
        "[limits.XNO]\nhard_limit = \"1 XNO\"\n[limits.xno]\nhard_limit = \"2 XNO\"",
        "mode = \"tiered\"\n[limits",
        "mode = tiered",
        "\u{0}",
    ] {
        assert!(error(bad).line.is_some(), "{bad}");
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    for (bad, problem) in [
        (
            "[limits.XNO]\nhard_limit = \"1 XNO\"\nauto_approve = \"1.1 XNO\"",
            Problem::Above { other: "hard_limit" },
        ),
        (
            "[host_approval.limits.XNO]\nper_payment = \"2\"\nper_day = \"1\"",
            Problem::Above { other: "per_day" },
        ),
        ("[limits.XNO]\nauto_approve = \"1 XNO\"", Problem::Missing("hard_limit".to_owned())),
        ("[pegs]\nUSD = \"USD\"", Problem::Peg),
        ("[pegs]\nUSD = \"XNO\"", Problem::Peg),
        ("[pegs]\nXNO = \"USD\"", Problem::Peg),
        ("[pegs]\nABCD = \"USD\"", Problem::Peg),
        ("[pegs]\nUSDC = \"USD\"\nUSD = \"EUR\"", Problem::PegChain),
    ] {
        assert_eq!(error(bad).problem, problem, "{bad}");
    }
    let equal = "[limits.XNO]\nhard_limit = \"1 XNO\"\nauto_approve = \"1 XNO\"";
    assert!(Policy::from_toml(equal).is_ok());
}

#[test]
fn bounds_hold_at_the_limit_and_not_one_past_it() {
    let expiry = |ms: u128| format!("approval_expiry = \"{ms}ms\"");
    let (least, most) =
        (limits::APPROVAL_EXPIRY_MIN.as_millis(), limits::APPROVAL_EXPIRY_MAX.as_millis());
    for good in [least, most] {
        assert!(Policy::from_toml(&expiry(good)).is_ok());
    }
    for bad in [0, least - 1, most + 1, u128::MAX] {
        assert!(matches!(error(&expiry(bad)).problem, Problem::Duration(_)));
    }
    let full: String = (0..limits::POLICY_CURRENCIES)
        .map(|number| format!("[limits.C{number:03}]\nhard_limit = \"1\"\n"))
        .collect();
    assert!(Policy::from_toml(&full).is_ok());
    let over = format!("{full}[limits.ONE]\nhard_limit = \"1\"\n");
    assert_eq!(error(&over).problem, Problem::TooMany);
    let padded = format!("#{}", "x".repeat(limits::POLICY_BYTES - 1));
    assert!(Policy::from_toml(&padded).is_ok());
    assert_eq!(error(&format!("{padded}x")).problem, Problem::TooLarge);
}

#[test]
fn changes_name_both_sides() {
    let (from, mut to) = (Policy::sandbox(), Policy::sandbox());
    assert_eq!(from.changes_to(&to), Vec::new());
    to.mode = Mode::Autonomous;
    to.limits.clear();
    let changes = from.changes_to(&to);
    let shown: Vec<_> = changes
        .iter()
        .map(|change| (change.setting.as_str(), change.from.as_deref(), change.to.as_deref()))
        .collect();
    assert_eq!(
        shown,
        [
            ("limits.USD.auto_approve", Some("2 USD"), None),
            ("limits.USD.hard_limit", Some("50 USD"), None),
            ("limits.XNO.auto_approve", Some("2 XNO"), None),
            ("limits.XNO.hard_limit", Some("50 XNO"), None),
            ("mode", Some("tiered"), Some("autonomous")),
        ]
    );
}

fn codes() -> impl Strategy<Value = Currency> {
    let code = prop_oneof![
        Just("XNO".to_owned()),
        Just("USD".to_owned()),
        Just("USDC".to_owned()),
        Just("JPY".to_owned()),
        "[A-Z0-9]{3,12}",
    ];
    code.prop_map(|code| code.parse().unwrap())
}

fn ordered() -> impl Strategy<Value = (u128, u128)> {
    let amount = prop_oneof![1..1_000_000_u128, 1..=u128::MAX, Just(u128::MAX)];
    (amount.clone(), amount).prop_map(|(a, b)| (a.min(b), a.max(b)))
}

fn policies() -> impl Strategy<Value = Policy> {
    let expiry = limits::APPROVAL_EXPIRY_MIN.as_millis() as u64
        ..=limits::APPROVAL_EXPIRY_MAX.as_millis() as u64;
    let rules = (0..3_usize, any::<bool>(), 0..=limits::POLICY_RATE, 0..=limits::POLICY_RATE);
    let receive = (1..=u128::MAX, 0..2_usize);
    let limits = prop::collection::btree_map(codes(), ordered(), 0..6);
    let host = (any::<bool>(), prop::collection::btree_map(codes(), ordered(), 0..4));
    let pegs = prop::sample::select(vec![
        vec![],
        vec![("USDC", "USD")],
        vec![("USDC", "USD"), ("USDT", "USD"), ("EURC", "EUR")],
    ]);
    (rules, expiry, receive, limits, host, pegs).prop_map(
        |(rules, expiry, receive, limits, host, pegs)| {
            let known = |code: &str| code.parse::<Currency>().unwrap();
            let pegs = pegs.into_iter().map(|(from, to)| (known(from), known(to)));
            Policy {
                mode: MODES[rules.0].1,
                require_mandate: rules.1,
                payments_per_minute: rules.2,
                payments_per_minute_overall: rules.3,
                approval_expiry_ms: expiry,
                receive_minimum_raw: receive.0,
                receive_mode: RECEIVE_MODES[receive.1].1,
                limits: limits
                    .into_iter()
                    .map(|(code, (auto_approve, hard_limit))| {
                        (code, CurrencyLimits { hard_limit, auto_approve })
                    })
                    .collect(),
                host_approval: HostApproval {
                    enabled: host.0,
                    limits: host
                        .1
                        .into_iter()
                        .map(|(code, (per_payment, per_day))| {
                            (code, HostLimits { per_payment, per_day })
                        })
                        .collect(),
                },
                pegs: pegs
                    .filter(|(from, to)| from.decimals().is_some() && to.decimals().is_some())
                    .collect(),
            }
        },
    )
}

proptest! {
    #[test]
    fn a_policy_survives_its_draft(policy in policies()) {
        let text = policy.to_toml();
        let back = Policy::from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        prop_assert_eq!(back.hash(), policy.hash());
        prop_assert_eq!(policy.changes_to(&back), Vec::new());
        prop_assert_eq!(back, policy);
    }

    #[test]
    fn no_text_breaks_the_reader(text in "[a-z_\\[\\]={}\"'. 0-9\n\\-]{0,200}") {
        if let Err(error) = Policy::from_toml(&text) {
            prop_assert!(!error.to_string().is_empty() && !error.hint().is_empty());
        }
    }
}
