use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

fn disk() -> Disk {
    let disk = Disk::new(Image::default());
    disk.set_len(10_000).unwrap();
    disk.write(0, &[1; 5_000]).unwrap();
    disk.sync_data().unwrap();
    disk
}

fn byte(image: &Image, at: u64) -> u8 {
    let mut out = [0];
    image.read(at, &mut out).unwrap();
    out[0]
}

#[test]
fn reads_what_was_written_and_nothing_past_the_end() {
    let disk = disk();
    disk.write(4_090, &[7; 20]).unwrap();
    let mut out = [0; 22];
    disk.read(4_089, &mut out).unwrap();
    assert_eq!((out[0], out[1], out[20], out[21]), (1, 7, 7, 1));
    assert!(disk.read(9_999, &mut [0; 1]).is_ok());
    assert!(disk.read(9_999, &mut [0; 2]).is_err());
    assert!(disk.write(9_999, &[0; 2]).is_err());
    disk.set_len(4_095).unwrap();
    disk.set_len(10_000).unwrap();
    assert_eq!(byte(&disk.wreck().killed(), 4_096), 0, "what was cut off does not come back");
    assert!(disk.wreck().killed().contains(&[7; 5]));
    assert!(!disk.wreck().killed().contains(&[7; 6]));
}

#[test]
fn a_kill_keeps_writes_and_a_power_cut_keeps_only_what_was_synced() {
    let disk = disk();
    disk.write(100, &[9; 1]).unwrap();
    assert_eq!(byte(&disk.wreck().killed(), 100), 9);
    assert_eq!(byte(&disk.wreck().power_cut(), 100), 1);
    disk.sync_data().unwrap();
    assert_eq!(disk.wreck().power_cut(), disk.wreck().killed());
}

#[test]
fn torn_images_follow_from_their_seed_and_reach_every_mixture() {
    let disk = disk();
    for at in 0..4 {
        disk.write(at * 512, &[2; 512]).unwrap();
    }
    let wreck = disk.wreck();
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..300 {
        let image = wreck.torn(seed);
        assert_eq!(image, wreck.torn(seed));
        seen.insert((0..4).map(|at| byte(&image, at * 512)).collect::<Vec<_>>());
    }
    assert_eq!(seen.len(), 16, "each of four writes is there or not");
    disk.sync_data().unwrap();
    assert_eq!(disk.wreck().torn(5), disk.wreck().killed());
}

#[test]
fn the_write_under_way_is_torn_but_not_part_of_a_kill() {
    #[derive(Debug, Default)]
    struct Seen(AtomicU64);
    impl Witness for Seen {
        fn operation(&self, wreck: &dyn Fn() -> Wreck) {
            let wreck = wreck();
            if wreck.killed().is_empty() || byte(&wreck.killed(), 0) == 3 {
                return;
            }
            let torn = (0..50).filter(|seed| byte(&wreck.torn(*seed), 0) == 3).count();
            self.0.fetch_max(torn as u64, Ordering::Relaxed);
        }
    }
    let seen = Arc::new(Seen::default());
    let disk = Disk::watched(disk().wreck().killed(), Arc::clone(&seen) as Arc<dyn Witness>);
    disk.write(0, &[3; 512]).unwrap();
    assert!((5..45).contains(&seen.0.load(Ordering::Relaxed)));
}

#[test]
fn death_is_final_an_error_strikes_once_and_a_full_disk_still_reads() {
    let dead = disk();
    dead.trouble(Trouble::DeathAt(dead.operations() + 2));
    dead.write(0, &[8]).unwrap();
    assert!(dead.write(1, &[8]).is_err() && dead.sync_data().is_err() && dead.len().is_err());
    assert_eq!((byte(&dead.wreck().killed(), 0), byte(&dead.wreck().killed(), 1)), (8, 1));
    let failing = disk();
    failing.trouble(Trouble::ErrorAt(failing.operations() + 1));
    assert!(failing.sync_data().is_err());
    assert!(failing.sync_data().is_ok());
    let full = disk();
    full.trouble(Trouble::FullFrom(full.operations() + 1));
    assert!(full.write(0, &[8]).is_err() && full.set_len(20_000).is_err());
    assert!(full.len().is_ok() && full.sync_data().is_ok());
}
