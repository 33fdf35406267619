//! A time series as SVG, drawn on the server: no script needed, gaps stay gaps.
//!
//! The trace lives in a nested, stretched viewport while texts and dots live outside it, so that on a phone
//! the line shrinks and the letters don't. A long series is thinned to the extremes of each pixel column.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, Render, html};

const HEIGHT: f64 = 190.0;
/// Room above and below the trace, so that labels and peaks aren't cut.
const MARGIN: f64 = 10.0;
/// The width of the stretched viewport; one unit is about one pixel on a large screen.
const WIDTH: f64 = 1000.0;
/// Pixel columns a segment is thinned to.
const COLUMNS: f64 = 500.0;

/// One observation.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// When it was measured.
    pub at: Timestamp,
    /// The value; `None` means missing, never zero.
    pub value: Option<f64>,
    /// The QARTOD flag: 1 pass, 2 not evaluated, 3 suspect, 4 fail, 9 missing.
    pub quality: u8,
}

/// One property over a window of time.
pub struct Chart<'a> {
    /// Unique on the page.
    pub id: &'a str,
    /// What is drawn, such as "Water temperature".
    pub title: &'a str,
    /// The unit's symbol.
    pub unit: &'a str,
    /// The left edge.
    pub start: Timestamp,
    /// The right edge.
    pub end: Timestamp,
    /// Oldest first.
    pub points: &'a [Point],
    /// Two neighbours further apart than this are not joined.
    pub gap: SignedDuration,
}

impl Render for Chart<'_> {
    fn render(&self) -> Markup {
        let values: Vec<f64> =
            self.points.iter().filter_map(|point| point.value).filter(|value| value.is_finite()).collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        html! {
            figure.chart {
                figcaption {
                    h3 { (self.title) @if !self.unit.is_empty() { ", " (self.unit) } }
                    @if !values.is_empty() { span.quiet.small { "Lowest " (number(low)) ", highest " (number(high)) } }
                }
                @if values.is_empty() {
                    p.quiet { "No observations in this range." }
                } @else {
                    (self.drawing(&Axis::over(low, high)))
                }
            }
        }
    }
}

impl Chart<'_> {
    fn drawing(&self, axis: &Axis) -> Markup {
        let segments = self.segments(axis);
        let label = format!("{}-label", self.id);
        let ticks = axis.ticks();
        html! {
            svg width=(axis.label_width()) height=(HEIGHT) aria-hidden="true" {
                @for tick in &ticks {
                    text x="100%" y=(px(axis.y(*tick) + 4.0)) text-anchor="end" { (axis.label(*tick)) }
                }
            }
            svg width="100%" height=(HEIGHT + 22.0) role="img" aria-labelledby=(label) {
                title id=(label) { (self.description(axis)) }
                @for tick in &ticks { line.grid x1="0" x2="100%" y1=(px(axis.y(*tick))) y2=(px(axis.y(*tick))) {} }
                svg width="100%" height=(HEIGHT) viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" {
                    @for segment in &segments {
                        path.under d={ (segment.path) "V" (px(HEIGHT - MARGIN)) "H" (px(segment.left)) "Z" } {}
                        path.trace d=(segment.path) {}
                    }
                }
                @for (x, y, class) in self.dots(axis, &segments) { circle class=(class) cx={ (px(x / WIDTH * 100.0)) "%" } cy=(px(y)) r="3" {} }
                @for (share, words) in self.hours() {
                    text x={ (px(share * 100.0)) "%" } y=(HEIGHT + 17.0) text-anchor="middle" { (words) }
                }
            }
        }
    }

    fn description(&self, axis: &Axis) -> String {
        let format = "%-d %b %Y %H:%M";
        let (start, end) = (self.start.strftime(format), self.end.strftime(format));
        let (low, high) = (number(axis.low), number(axis.high));
        format!("{} from {start} to {end} UTC, between {low} and {high} {}", self.title, self.unit)
    }

    /// Where an instant lies between the edges, 0 to 1.
    fn share(&self, at: Timestamp) -> f64 {
        let span = self.end.duration_since(self.start).as_secs_f64().max(1.0);
        at.duration_since(self.start).as_secs_f64() / span
    }

    /// The unbroken stretches: a missing value or a long silence ends one.
    fn segments(&self, axis: &Axis) -> Vec<Segment> {
        let mut stretches: Vec<Vec<(f64, f64)>> = vec![vec![]];
        let mut last: Option<Timestamp> = None;
        for point in self.points.iter().filter(|point| (self.start..=self.end).contains(&point.at)) {
            let silent = last.is_some_and(|last| point.at.duration_since(last) > self.gap);
            last = point.value.map(|_| point.at);
            if silent || point.value.is_none() {
                stretches.push(vec![]);
            }
            if let (Some(value), Some(stretch)) = (point.value, stretches.last_mut()) {
                stretch.push((self.share(point.at) * WIDTH, axis.y(value)));
            }
        }
        stretches.iter().filter_map(|stretch| Segment::of(stretch)).collect()
    }

    /// Points that a line can't show: lonely ones, and those whose quality is in doubt.
    fn dots(&self, axis: &Axis, segments: &[Segment]) -> Vec<(f64, f64, &'static str)> {
        let lonely = segments.iter().filter_map(|segment| segment.lonely).map(|(x, y)| (x, y, "dot"));
        let doubtful = self
            .points
            .iter()
            .filter(|point| matches!(point.quality, 3 | 4) && (self.start..=self.end).contains(&point.at));
        let doubtful =
            doubtful.filter_map(|point| Some((self.share(point.at) * WIDTH, axis.y(point.value?), "doubt")));
        lonely.chain(doubtful.take(200)).collect()
    }

    /// Times under the trace, on round hours or days, as shares of the width.
    fn hours(&self) -> Vec<(f64, String)> {
        let span = self.end.duration_since(self.start).as_secs().max(1);
        let steps = [900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 2 * 86_400, 7 * 86_400, 30 * 86_400];
        let step = steps.into_iter().find(|step| span / step <= 5).unwrap_or(365 * 86_400);
        let format = if step < 86_400 { "%H:%M" } else { "%-d %b" };
        let first = self.start.as_second().div_euclid(step) + 1;
        (first..first + 6)
            .filter_map(|index| Timestamp::from_second(index * step).ok())
            .map(|at| (self.share(at), at))
            .filter(|(share, _)| (0.05..=0.95).contains(share))
            .map(|(share, at)| (share, at.strftime(format).to_string()))
            .collect()
    }
}

/// One unbroken stretch of the trace.
struct Segment {
    path: String,
    left: f64,
    /// The point itself when it has no neighbours.
    lonely: Option<(f64, f64)>,
}

impl Segment {
    fn of(stretch: &[(f64, f64)]) -> Option<Segment> {
        let &(left, first) = stretch.first()?;
        let lonely = (stretch.len() == 1).then_some((left, first));
        let steps = thinned(stretch).into_iter().skip(1).map(|(x, y)| format!("L{} {}", px(x), px(y)));
        Some(Segment {
            path: format!("M{} {}{}", px(left), px(first), steps.collect::<String>()),
            left,
            lonely,
        })
    }
}

/// Keeps the first, lowest, highest and last point of each pixel column, in order of time.
fn thinned(stretch: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let column = |x: f64| (x / WIDTH * COLUMNS).floor();
    let mut kept = Vec::new();
    for group in stretch.chunk_by(|a, b| column(a.0) == column(b.0)) {
        let by_height = |a: &(usize, &(f64, f64)), b: &(usize, &(f64, f64))| a.1.1.total_cmp(&b.1.1);
        let low = group.iter().enumerate().min_by(by_height).map_or(0, |(index, _)| index);
        let high = group.iter().enumerate().max_by(by_height).map_or(0, |(index, _)| index);
        let mut wanted = vec![0, low, high, group.len().saturating_sub(1)];
        wanted.sort_unstable();
        wanted.dedup();
        kept.extend(wanted.into_iter().filter_map(|index| group.get(index).copied()));
    }
    kept
}

/// The vertical axis: round numbers around the values.
struct Axis {
    low: f64,
    high: f64,
    step: f64,
}

impl Axis {
    fn over(low: f64, high: f64) -> Axis {
        let (low, high) = if high - low < 1e-9 { (low - 0.5, high + 0.5) } else { (low, high) };
        let rough = (high - low) / 4.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| *step >= rough)
            .unwrap_or(power * 10.0);
        Axis { low: (low / step).floor() * step, high: (high / step).ceil() * step, step }
    }

    fn y(&self, value: f64) -> f64 {
        MARGIN + (self.high - value) / (self.high - self.low) * (HEIGHT - 2.0 * MARGIN)
    }

    fn ticks(&self) -> Vec<f64> {
        let mut ticks = Vec::new();
        let mut tick = self.low;
        while tick <= self.high + self.step / 2.0 && ticks.len() < 8 {
            ticks.push(tick);
            tick += self.step;
        }
        ticks
    }

    fn label(&self, tick: f64) -> String {
        let digits = if self.step >= 1.0 {
            0
        } else {
            usize::from(self.step < 0.1) + 1 + usize::from(self.step < 0.01)
        };
        // Adding zero turns -0 into 0.
        format!("{:.digits$}", tick + 0.0)
    }

    /// Pixels the longest label takes.
    fn label_width(&self) -> usize {
        self.ticks().iter().map(|tick| self.label(*tick).len()).max().unwrap_or(1) * 8
    }
}

/// A coordinate with one digit after the point: finer is only weight.
fn px(value: f64) -> String {
    format!("{}", (value * 10.0).round() / 10.0)
}

/// A value for people: no more than three digits after the point.
pub(super) fn number(value: f64) -> String {
    format!("{}", (value * 1000.0).round() / 1000.0 + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + minutes * 60).unwrap()
    }

    fn drawn(points: &[Point]) -> String {
        let gap = SignedDuration::from_mins(30);
        Chart { id: "t", title: "Water temperature", unit: "°C", start: at(0), end: at(600), points, gap }
            .render()
            .into_string()
    }

    fn point(minutes: i64, value: Option<f64>) -> Point {
        Point { at: at(minutes), value, quality: 1 }
    }

    #[test]
    fn a_missing_value_or_a_long_silence_breaks_the_line() {
        for (points, traces) in [
            (vec![point(0, Some(1.0)), point(10, Some(2.0)), point(20, Some(3.0))], 1),
            (vec![point(0, Some(1.0)), point(10, None), point(20, Some(3.0))], 2),
            (vec![point(0, Some(1.0)), point(10, Some(2.0)), point(90, Some(3.0))], 2),
        ] {
            assert_eq!(drawn(&points).matches("class=\"trace\"").count(), traces, "{points:?}");
        }
    }

    #[test]
    fn an_empty_range_says_so() {
        assert!(drawn(&[]).contains("No observations in this range."));
        assert!(drawn(&[point(5, None)]).contains("No observations in this range."));
    }

    #[test]
    fn a_flat_series_still_has_an_axis() {
        let page = drawn(&[point(0, Some(7.5)), point(10, Some(7.5))]);
        assert!(page.contains("7.0") && page.contains("8.0") && !page.contains("NaN"), "{page}");
    }

    #[test]
    fn a_long_series_is_thinned_but_keeps_its_extremes() {
        let stretch: Vec<_> = (0..50_000)
            .map(|i| (f64::from(i) / 50.0, if i == 31_337 { 99.0 } else { f64::from(i % 7) }))
            .collect();
        let kept = thinned(&stretch);
        assert!(kept.len() <= 2_000 && kept.iter().any(|(_, y)| (*y - 99.0).abs() < 1e-9));
        assert_eq!(kept.last(), stretch.last());
    }
}
