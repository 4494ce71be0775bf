#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| paywarden_fuzz::run("store", bytes));
