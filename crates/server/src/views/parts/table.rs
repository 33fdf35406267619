//! Tables that turn into cards on a phone, and lists of facts.
//!
//! Changing a table's display takes its meaning from some screen readers, so every role is said again.

use maud::{Markup, Render, html};

/// A table; the first cell of each row names the row.
pub struct Table<'a> {
    /// What the table is, for those who can't see where it stands.
    pub caption: &'a str,
    /// The columns' headings.
    pub columns: &'a [&'a str],
    /// The cells, one row after another.
    pub rows: Vec<Vec<Markup>>,
}

impl Render for Table<'_> {
    fn render(&self) -> Markup {
        html! {
            table.table role="table" {
                caption.sr { (self.caption) }
                thead role="rowgroup" {
                    tr role="row" { @for column in self.columns { th scope="col" role="columnheader" { (column) } } }
                }
                tbody role="rowgroup" {
                    @for row in &self.rows {
                        tr role="row" {
                            @for (index, (cell, column)) in row.iter().zip(self.columns).enumerate() {
                                @if index == 0 {
                                    th scope="row" role="rowheader" { (cell) }
                                } @else {
                                    td role="cell" data-label=(column) { div { (cell) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Names and values, one pair after another.
pub fn facts(pairs: &[(&str, Markup)]) -> Markup {
    html! {
        dl.facts { @for (name, value) in pairs { div { dt { (name) } dd { (value) } } } }
    }
}
