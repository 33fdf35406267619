#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| laws::redirect_uri::check(input));
