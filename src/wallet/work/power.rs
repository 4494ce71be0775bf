//! Whether this machine runs on its battery, as Linux shows it.
//!
//! A machine that shows nothing is taken to be on mains; this must never keep work from being made for a payment.

use std::path::Path;

/// Whether a battery is being emptied. `supplies` is `/sys/class/power_supply`.
pub(super) fn on_battery(supplies: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(supplies) else { return false };
    let mut emptied = false;
    for entry in entries.flatten() {
        let says =
            |file: &str| std::fs::read_to_string(entry.path().join(file)).unwrap_or_default();
        // The battery of a mouse empties while the machine is on mains.
        if says("scope").trim() == "Device" {
            continue;
        }
        match says("type").trim() {
            "Battery" => emptied |= says("status").trim() == "Discharging",
            _ if says("online").trim() == "1" => return false,
            _ => {}
        }
    }
    emptied
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(supplies: &[(&str, &[(&str, &str)])]) -> bool {
        let home = tempfile::tempdir().unwrap();
        for (name, files) in supplies {
            let place = home.path().join(name);
            std::fs::create_dir(&place).unwrap();
            for (file, text) in *files {
                std::fs::write(place.join(file), format!("{text}\n")).unwrap();
            }
        }
        on_battery(home.path())
    }

    #[test]
    fn only_a_battery_being_emptied_counts() {
        let emptied: &[_] = &[("type", "Battery"), ("status", "Discharging")];
        let charging: &[_] = &[("type", "Battery"), ("status", "Charging")];
        let mouse: &[_] = &[("type", "Battery"), ("status", "Discharging"), ("scope", "Device")];
        let (plugged, unplugged): (&[_], &[_]) =
            (&[("type", "Mains"), ("online", "1")], &[("type", "Mains"), ("online", "0")]);
        assert!(machine(&[("BAT0", emptied)]));
        assert!(machine(&[("AC", unplugged), ("BAT0", emptied)]));
        assert!(machine(&[("BAT0", emptied), ("BAT1", charging)]));
        assert!(!machine(&[("AC", plugged), ("BAT0", emptied)]));
        assert!(!machine(&[("BAT0", charging)]));
        assert!(!machine(&[("hidpp_battery_0", mouse)]));
        assert!(!machine(&[("BAT0", &[("type", "Battery")]), ("odd", &[])]));
        assert!(!machine(&[]));
        assert!(!on_battery(Path::new("/nowhere")));
    }
}
