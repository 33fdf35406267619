//! The guides of `docs/guides/`, in the binary and on this server.
//!
//! They are written for the reader of the repository too, so links between files become links between pages, and
//! the addresses in the examples become this server's own. They are our own text; raw HTML in them would still
//! come out as text.

use std::fmt::Write;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use crate::config::Site;
use crate::views::docs::GuideLink;

/// A guide.
pub(super) struct Guide {
    name: &'static str,
    title: &'static str,
    summary: &'static str,
    markdown: &'static str,
}

const GUIDES: [Guide; 4] = [
    Guide {
        name: "authentication",
        title: "Authentication",
        summary: "Keys for your own data, OAuth for other people's, step by step.",
        markdown: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/authentication.md")),
    },
    Guide {
        name: "data",
        title: "Data",
        summary: "What the buoys are and what they measured: reading it, and sending more.",
        markdown: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/data.md")),
    },
    Guide {
        name: "account",
        title: "Your account",
        summary: "Passwords, two-factor sign-in, and where you are signed in.",
        markdown: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/account.md")),
    },
    Guide {
        name: "members",
        title: "Members and roles",
        summary: "Who belongs to your organization, what they may do, and how that changes.",
        markdown: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/members.md")),
    },
];

/// The issuer and the API in the guides' examples.
const EXAMPLE_ISSUER: &str = "https://auth.bluesonde.io";
const EXAMPLE_API: &str = "https://api.bluesonde.io/v1";

/// The guide of this name.
pub(super) fn find(name: &str) -> Option<&'static Guide> {
    GUIDES.iter().find(|guide| guide.name == name)
}

/// Every guide, for a list.
pub(super) fn links() -> Vec<GuideLink> {
    let link = |guide: &Guide| GuideLink {
        title: guide.title.to_owned(),
        summary: guide.summary.to_owned(),
        href: format!("/docs/guides/{}", guide.name),
    };
    GUIDES.iter().map(link).collect()
}

impl Guide {
    /// The title, and the rest as HTML.
    pub(super) fn render(&self, site: &Site) -> (String, String) {
        let markdown = on(site, self.markdown);
        let mut title = String::new();
        let mut events = Vec::new();
        let mut parser = Parser::new_ext(&markdown, Options::ENABLE_TABLES);
        while let Some(event) = parser.next() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    let (heading, words) = heading(&mut parser, level);
                    if level == HeadingLevel::H1 { title = words } else { events.extend(heading) }
                }
                Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                    let dest_url = page_of(&dest_url);
                    events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
                }
                Event::Html(text) | Event::InlineHtml(text) => events.push(Event::Text(text)),
                event => events.push(event),
            }
        }
        let mut body = String::new();
        html::push_html(&mut body, events.into_iter());
        // Long lines scroll, so the keyboard must get there.
        (title, body.replace("<pre>", "<pre tabindex=\"0\">"))
    }
}

/// The text with this server's addresses in place of the examples'.
fn on(site: &Site, markdown: &str) -> String {
    let encoded = |url: &str| utf8_percent_encode(url, NON_ALPHANUMERIC).to_string().replace("%2E", ".");
    markdown
        .replace(EXAMPLE_API, &site.api_url)
        .replace(EXAMPLE_ISSUER, &site.public_url)
        .replace(&encoded(EXAMPLE_ISSUER), &encoded(&site.public_url))
}

/// The rest of a heading's events, with an id made of its words, and the words.
fn heading<'a>(parser: &mut Parser<'a>, level: HeadingLevel) -> (Vec<Event<'a>>, String) {
    let mut words = String::new();
    let mut inside = Vec::new();
    for event in parser.by_ref().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_)))) {
        if let Event::Text(text) | Event::Code(text) = &event {
            words.push_str(text);
        }
        inside.push(event);
    }
    let id = Some(CowStr::from(anchor(&words)));
    let start = Tag::Heading { level, id, classes: Vec::new(), attrs: Vec::new() };
    let mut events = vec![Event::Start(start)];
    events.extend(inside);
    events.push(Event::End(TagEnd::Heading(level)));
    (events, words)
}

/// As code hosts make them, so that the same links work there: lower case, spaces to hyphens, no punctuation.
fn anchor(words: &str) -> String {
    let kept = words.chars().filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|char| if char == ' ' { '-' } else { char }).collect()
}

/// `data.md#errors` → `/docs/guides/data#errors`
fn page_of<'a>(link: &CowStr<'a>) -> CowStr<'a> {
    let (file, fragment) =
        link.split_once('#').map_or((link.as_ref(), None), |(file, part)| (file, Some(part)));
    let Some(name) = file.strip_suffix(".md") else { return link.clone() };
    let mut page = format!("/docs/guides/{name}");
    if let Some(fragment) = fragment {
        // Writing to a String can't fail.
        let _ = write!(page, "#{fragment}");
    }
    page.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site {
            public_url: "https://buoys.example".into(),
            api_url: "https://api.buoys.example/v1".into(),
            trusted_proxies: Vec::new(),
            support_contact: None,
        }
    }

    #[test]
    fn guides_speak_of_this_server() {
        for guide in &GUIDES {
            let (title, body) = guide.render(&site());
            assert_eq!(title, guide.title);
            let speaks_of_the_api = guide.markdown.contains(EXAMPLE_API);
            assert_eq!(body.contains("https://api.buoys.example/v1"), speaks_of_the_api, "{title}");
            assert!(!body.contains("bluesonde.io"), "{title}");
            assert!(!body.contains("<h1"), "{title}");
        }
        let (_, body) = GUIDES[0].render(&site());
        assert!(body.contains("iss=https%3A%2F%2Fbuoys.example"), "{body}");
    }

    #[test]
    fn links_between_guides_lead_to_pages_and_headings_that_are_there() {
        let mut count = 0;
        for guide in &GUIDES {
            let (_, body) = guide.render(&site());
            for link in body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let Some(page) = link.strip_prefix("/docs/guides/") else { continue };
                let (name, fragment) = page.split_once('#').unwrap_or((page, ""));
                let (_, target) = find(name).unwrap().render(&site());
                assert!(fragment.is_empty() || target.contains(&format!("id=\"{fragment}\"")), "{link}");
                count += 1;
            }
        }
        assert!(count >= 2);
    }

    #[test]
    fn raw_html_comes_out_as_text() {
        let markdown = "# Title\n\n<script>alert(1)</script>\n\nA <b onclick=x>word</b>.\n";
        let (_, body) = Guide { name: "x", title: "x", summary: "x", markdown }.render(&site());
        assert!(!body.contains("<script") && !body.contains("<b "), "{body}");
        assert!(body.contains("&lt;script&gt;"), "{body}");
    }
}
