//! Scopes in plain sentences, grouped by what they let a program do.

use super::icon;
use maud::{Markup, html};

/// The groups people think in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScopeKind {
    /// Reading.
    View,
    /// Writing.
    Change,
    /// Lasting: `offline_access`.
    Lasting,
}

impl ScopeKind {
    const ALL: [ScopeKind; 3] = [ScopeKind::View, ScopeKind::Change, ScopeKind::Lasting];

    fn heading(self) -> &'static str {
        match self {
            ScopeKind::View => "View",
            ScopeKind::Change => "Change",
            ScopeKind::Lasting => "While you are away",
        }
    }
}

/// A scope that is told, not chosen.
#[derive(Clone, Debug)]
pub struct ScopeLine {
    /// The machine's name, such as `devices:read`.
    pub name: String,
    /// What it lets a program do, such as "See your devices and where they are".
    pub sentence: String,
    /// Its group.
    pub kind: ScopeKind,
}

/// A scope that can be ticked.
#[derive(Clone, Debug)]
pub struct ScopeChoice {
    /// The scope.
    pub scope: ScopeLine,
    /// Whether it is ticked now.
    pub ticked: bool,
}

/// Check boxes named `name`, one group per kind. Meant for the inside of a `fieldset`.
pub fn scope_boxes(name: &str, scopes: &[ScopeChoice]) -> Markup {
    html! {
        div.choices.columns {
            @for kind in ScopeKind::ALL {
                @let group: Vec<_> = scopes.iter().filter(|choice| choice.scope.kind == kind).collect();
                @if !group.is_empty() {
                    fieldset.group {
                        legend { (kind.heading()) }
                        div { @for choice in group { (scope_box(name, choice)) } }
                    }
                }
            }
        }
    }
}

fn scope_box(name: &str, choice: &ScopeChoice) -> Markup {
    let kind = if choice.scope.kind == ScopeKind::View { "view" } else { "change" };
    html! {
        label.choice {
            input type="checkbox" name=(name) value=(choice.scope.name) checked[choice.ticked] data-kind=(kind);
            span { (choice.scope.sentence) }
            small { code { (choice.scope.name) } }
        }
    }
}

/// The scopes as a list with ticks, one group per kind.
pub fn scope_lines(scopes: &[ScopeLine]) -> Markup {
    html! {
        @for kind in ScopeKind::ALL {
            @let group: Vec<_> = scopes.iter().filter(|scope| scope.kind == kind).collect();
            @if !group.is_empty() {
                div.stack.tight {
                    h3 { (kind.heading()) }
                    ul.ticks {
                        @for scope in group {
                            li { (icon("M4 10.5l4 4 8-9")) span { (scope.sentence) " " code { (scope.name) } } }
                        }
                    }
                }
            }
        }
    }
}
