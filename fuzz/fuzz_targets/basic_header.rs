#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| laws::basic_header::check(input));
