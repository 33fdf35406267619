//! A QR code as one path in an SVG: no image to fetch, nothing that the content security policy would have to allow.

use std::fmt::Write;

use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};

/// The quiet zone around the code, in modules (ISO/IEC 18004).
const MARGIN: i32 = 4;

/// The code of `text`; none if it is too long for any. Dark on light also on a dark page: many readers can't invert.
pub(super) fn svg(text: &str, label: &str) -> Option<Markup> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let side = code.size() + 2 * MARGIN;
    Some(html! {
        svg.qr role="img" aria-label=(label) viewBox={ "0 0 " (side) " " (side) } shape-rendering="crispEdges" {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(path(&code)) fill="#000" {}
        }
    })
}

/// A square for each dark module.
fn path(code: &QrCode) -> String {
    let size = code.size();
    let mut path = String::new();
    for (x, y) in (0..size).flat_map(|y| (0..size).map(move |x| (x, y))) {
        if code.get_module(x, y) {
            let _never_fails = write!(path, "M{} {}h1v1h-1z", x + MARGIN, y + MARGIN);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_corners_and_its_quiet_zone() {
        let svg = svg("otpauth://totp/x", "A code").unwrap().into_string();
        assert!(svg.contains("viewBox=\"0 0 33 33\""), "{svg}");
        assert!(
            svg.contains("M4 4h1v1h-1z") && svg.contains("M28 4h1v1h-1z") && svg.contains("M4 28h1v1h-1z")
        );
        assert!(!svg.contains("M3 "), "nothing is in the quiet zone");
        assert!(super::svg(&"x".repeat(5000), "too long").is_none());
    }
}
