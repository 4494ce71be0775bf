use super::*;
use clap::CommandFactory;

#[test]
fn the_commands_fit_together() {
    Arguments::command().debug_assert();
}

#[test]
fn settings_stand_before_or_after_the_command() {
    for line in ["paywarden --json --home x status", "paywarden status --json --home x"] {
        let arguments = Arguments::try_parse_from(line.split(' ')).unwrap();
        assert!(arguments.settings.json);
        assert_eq!(arguments.settings.home, Some(PathBuf::from("x")));
        let status = Command::Wallet(WalletCommand::Status);
        assert_eq!(format!("{:?}", arguments.command), format!("{:?}", Some(status)));
    }
}

#[test]
fn sandbox_ports_leave_room() {
    let last = u16::MAX - limits::SANDBOX_PORTS;
    assert_eq!(sandbox_port("0"), Ok(0));
    assert_eq!(sandbox_port(&last.to_string()), Ok(last));
    for text in [&(last + 1).to_string(), "65536", "-1", "", "x"] {
        assert!(sandbox_port(text).is_err(), "{text}");
    }
}

#[test]
fn sandbox_confirmations_end_at_their_bound() {
    let typed = |ms: u64| {
        let ms = ms.to_string();
        Arguments::try_parse_from(["paywarden", "sandbox", "--confirm-ms", &ms])
    };
    assert!(typed(limits::SANDBOX_CONFIRM_MS).is_ok());
    assert!(typed(limits::SANDBOX_CONFIRM_MS + 1).is_err());
}

#[test]
fn reasons_end_at_their_bound() {
    assert!(reason(&"x".repeat(limits::REASON_BYTES)).is_ok());
    assert!(reason(&"x".repeat(limits::REASON_BYTES + 1)).is_err());
    assert!(reason("a\u{1b}[2Jb").is_err());
}
