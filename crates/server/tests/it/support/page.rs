//! Just enough HTML: our own pages are regular, so their forms and words can be read without a parser.

/// A form on a page.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) action: String,
    /// What the browser would send as it stands: hidden fields and ticked boxes.
    pub(crate) fields: Vec<(String, String)>,
}

/// Every form with `method="post"`.
pub(crate) fn forms(html: &str) -> Vec<Form> {
    let bodies = html.split("<form ").skip(1).map(|rest| rest.split("</form>").next().unwrap_or_default());
    bodies.filter_map(form).collect()
}

fn form(text: &str) -> Option<Form> {
    let (tag, body) = text.split_once('>')?;
    attribute(tag, "method").filter(|method| method == "post")?;
    let inputs = body.split("<input ").skip(1).filter_map(|rest| rest.split('>').next());
    let sent = inputs.filter(|input| match attribute(input, "type").as_deref() {
        Some("checkbox" | "radio") => input.split_whitespace().any(|word| word == "checked"),
        Some("hidden") => true,
        _ => false,
    });
    let fields = sent
        .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default())));
    Some(Form { action: attribute(tag, "action")?, fields: fields.collect() })
}

/// The check boxes of this name: value, and whether it is ticked.
pub(crate) fn boxes(html: &str, name: &str) -> Vec<(String, bool)> {
    let inputs = html.split("<input ").skip(1).filter_map(|rest| rest.split('>').next());
    let named = inputs.filter(|input| {
        attribute(input, "name").as_deref() == Some(name)
            && attribute(input, "type").as_deref() == Some("checkbox")
    });
    let read = named.map(|input| {
        let ticked = input.split_whitespace().any(|word| word == "checked");
        (attribute(input, "value").unwrap_or_default(), ticked)
    });
    read.collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = format!(" {tag}").split_once(&format!(" {name}=\""))?.1.split('"').next()?.to_owned();
    Some(unescape(&value))
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

/// The words of a page, without tags, with single spaces.
pub(crate) fn words(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    for (place, piece) in html.split('<').enumerate() {
        match piece.split_once('>') {
            Some((tag, words)) if place > 0 => {
                // Blocks part words, and inline elements don't.
                let inline =
                    ["bdi", "/bdi", "strong", "/strong", "code", "/code", "mark", "/mark", "time", "/time"];
                let name = tag.split_whitespace().next().unwrap_or_default();
                text.push_str(if inline.contains(&name) { "" } else { " " });
                text.push_str(words);
            }
            _ => text.push_str(piece),
        }
    }
    unescape(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}
