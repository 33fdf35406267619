//! Form fields: label, hint and mistake tied together for people who see them and people who hear them.

use super::icon;
use maud::{Markup, Render, html};

/// The mistakes of a refused form, by the id of the field.
#[derive(Default)]
pub struct Errors(pub Vec<(String, String)>);

impl Errors {
    /// What is wrong with that field, if anything.
    pub fn on(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, message)| message.as_str())
    }
}

/// The summary at the top of a refused form, linking to each field; nothing when there is no mistake.
impl Render for Errors {
    fn render(&self) -> Markup {
        html! {
            @if !self.0.is_empty() {
                div #mistakes.alert.danger tabindex="-1" role="alert" {
                    h2 { "Please look at this again" }
                    ul { @for (field, message) in &self.0 { li { a href={ "#" (field) } { (message) } } } }
                }
            }
        }
    }
}

/// What a text field takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// One line.
    Text,
    /// An e-mail address that is also the user name.
    Email,
    /// An e-mail address of somebody else, which the browser must not fill in.
    OthersEmail,
    /// The password of somebody who has one.
    Password,
    /// A password being chosen.
    NewPassword,
    /// A code that counts once.
    OneTimeCode,
    /// An address on the web.
    Url,
    /// A day.
    Date,
    /// Several lines, at first this many.
    Lines(u8),
}

impl Kind {
    fn input_type(self) -> &'static str {
        match self {
            Kind::Text | Kind::OneTimeCode | Kind::Lines(_) => "text",
            Kind::Email | Kind::OthersEmail => "email",
            Kind::Password | Kind::NewPassword => "password",
            Kind::Url => "url",
            Kind::Date => "date",
        }
    }

    fn autocomplete(self) -> &'static str {
        match self {
            Kind::Email => "username",
            Kind::Password => "current-password",
            Kind::NewPassword => "new-password",
            Kind::OneTimeCode => "one-time-code",
            Kind::OthersEmail | Kind::Text | Kind::Url | Kind::Date | Kind::Lines(_) => "off",
        }
    }
}

enum Need {
    Required,
    Optional(&'static str),
    Unsaid,
}

/// A labelled text field; its name is also its id.
pub struct Field<'a> {
    name: &'a str,
    label: &'a str,
    kind: Kind,
    hint: Option<&'a str>,
    value: &'a str,
    placeholder: Option<&'a str>,
    error: Option<&'a str>,
    need: Need,
}

impl<'a> Field<'a> {
    /// A field with that name and visible label.
    pub fn new(name: &'a str, label: &'a str, kind: Kind) -> Self {
        Field { name, label, kind, hint: None, value: "", placeholder: None, error: None, need: Need::Unsaid }
    }

    /// A sentence under the label.
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// What is already in it.
    pub fn value(mut self, value: &'a str) -> Self {
        self.value = value;
        self
    }

    /// An example, never the only explanation.
    pub fn example(mut self, example: &'a str) -> Self {
        self.placeholder = Some(example);
        self
    }

    /// What was wrong with it.
    pub fn error(mut self, error: Option<&'a str>) -> Self {
        self.error = error;
        self
    }

    /// The browser asks for it too.
    pub fn required(mut self) -> Self {
        self.need = Need::Required;
        self
    }

    /// May stay empty; the note says what filling it in brings.
    pub fn optional(mut self, note: &'static str) -> Self {
        self.need = Need::Optional(note);
        self
    }

    fn described_by(&self) -> Option<String> {
        let hint = self.hint.map(|_| format!("{}-hint", self.name));
        let error = self.error.map(|_| format!("{}-error", self.name));
        match (hint, error) {
            (Some(hint), Some(error)) => Some(format!("{hint} {error}")),
            (one, other) => one.or(other),
        }
    }

    fn control(&self) -> Markup {
        let described = self.described_by();
        let invalid = self.error.map(|_| "true");
        let required = matches!(self.need, Need::Required);
        html! {
            @if let Kind::Lines(rows) = self.kind {
                textarea #(self.name).input name=(self.name) rows=(rows) required[required] spellcheck="false"
                    placeholder=[self.placeholder] aria-describedby=[described] aria-invalid=[invalid] { (self.value) }
            } @else {
                input #(self.name).input name=(self.name) type=(self.kind.input_type()) value=(self.value) required[required]
                    autocomplete=(self.kind.autocomplete()) placeholder=[self.placeholder] aria-describedby=[described] aria-invalid=[invalid];
            }
        }
    }
}

impl Render for Field<'_> {
    fn render(&self) -> Markup {
        html! {
            div.field {
                label for=(self.name) {
                    (self.label)
                    @if let Need::Optional(note) = self.need { " " span.optional { "(" (note) ")" } }
                }
                @if let Some(hint) = self.hint { p.hint id={ (self.name) "-hint" } { (hint) } }
                @if let Some(error) = self.error { p.wrong id={ (self.name) "-error" } { (error) } }
                (self.control())
            }
        }
    }
}

/// A choice of one among many, by name: value and words of each.
pub struct Select<'a> {
    /// The field's name, which is also its id.
    pub name: &'a str,
    /// The visible label.
    pub label: &'a str,
    /// The answers: value and words.
    pub options: &'a [(&'a str, &'a str)],
    /// The value chosen at present.
    pub chosen: &'a str,
}

impl Render for Select<'_> {
    fn render(&self) -> Markup {
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                select.input id=(self.name) name=(self.name) {
                    @for (value, words) in self.options {
                        option value=(value) selected[*value == self.chosen] { (words) }
                    }
                }
            }
        }
    }
}

/// One of several answers, as a card that can be pressed anywhere.
pub struct Choice<'a> {
    /// The field's name, shared by all answers.
    pub name: &'a str,
    /// What is sent.
    pub value: &'a str,
    /// The answer in words.
    pub label: &'a str,
    /// What choosing it means; may be empty.
    pub note: &'a str,
    /// The value chosen at present.
    pub chosen: &'a str,
}

impl Render for Choice<'_> {
    fn render(&self) -> Markup {
        html! {
            label.choice {
                input type="radio" name=(self.name) value=(self.value) checked[self.value == self.chosen];
                span { (self.label) }
                @if !self.note.is_empty() { small { (self.note) } }
            }
        }
    }
}

/// A single yes-or-no box that sends `yes` when ticked, given whether it `ticked` now.
pub fn tick_box(name: &str, label: &str, ticked: Option<&str>) -> Markup {
    html! {
        label.choice {
            input type="checkbox" name=(name) value="yes" checked[ticked.is_some()];
            span { (label) }
        }
    }
}

/// A device somebody may choose.
#[derive(Clone, Debug)]
pub struct DeviceChoice {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its serial number or place, to tell it from its neighbours.
    pub detail: String,
    /// Whether it is chosen now.
    pub chosen: bool,
}

/// All devices or chosen ones: fields `devices` (`all`, `chosen`) and `device_id`. The question is the legend.
pub fn device_picker(question: &str, chosen: &str, devices: &[DeviceChoice], error: Option<&str>) -> Markup {
    let all = Choice {
        name: "devices",
        value: "all",
        label: "All devices",
        note: "Also those added to the organization later.",
        chosen,
    };
    let some = Choice {
        name: "devices",
        value: "chosen",
        label: "Chosen devices",
        note: "Only the ones ticked.",
        chosen,
    };
    html! {
        fieldset #devices.set tabindex="-1" {
            legend { (question) }
            @if let Some(error) = error { p.wrong { (error) } }
            div.choices { (all) (some) div.then { (device_list(devices)) } }
        }
    }
}

fn device_list(devices: &[DeviceChoice]) -> Markup {
    html! {
        fieldset.set.picker {
            legend.sr { "Devices" }
            div.field hidden {
                label.sr for="device-search" { "Find a device" }
                input #device-search.input type="search" placeholder="Find a device" autocomplete="off" data-filter="device-list";
            }
            div #device-list.list {
                @for device in devices {
                    label.choice {
                        input type="checkbox" name="device_id" value=(device.id) checked[device.chosen];
                        span { bdi { (device.name) } }
                        small { (device.detail) }
                    }
                }
                @if devices.is_empty() { p.choice.quiet { (icon("M10 6v5M10 14h0")) "This organization has no devices yet." } }
            }
        }
    }
}
