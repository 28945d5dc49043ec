//! Gains as a picture.

use std::fmt::Write;

use crate::{
	season::Outcome,
	strategy::{Standing, Strategy},
};

const LEFT: usize = 190;
const WIDTH: usize = 560;
const ROW: usize = 15;
const TOP: usize = 44;

/// Gain per window of each case, as bars with their standard errors.
pub fn svg(outcomes: &[Outcome]) -> String {
	let per_window = |outcome: &Outcome, value: f64| {
		value * outcome.gains.len() as f64 / f64::from(outcome.books.windows.max(1))
	};
	let least = outcomes.iter().map(|outcome| per_window(outcome, outcome.mean()));
	let least = least.fold(-1.0, f64::min).floor();
	let x = |value: f64| LEFT as f64 + WIDTH as f64 * (value - least) / (1.0 - least);
	let (mut rows, mut y, mut last) = (String::new(), TOP, None::<Strategy>);
	for outcome in outcomes {
		let (strategy, standing) = outcome.case;
		if last.is_some_and(|last| last != strategy) {
			y += 5;
		}
		last = Some(strategy);
		let gain = per_window(outcome, outcome.mean());
		let error = per_window(outcome, outcome.error());
		let (from, to) = (x(gain.min(0.0)), x(gain.max(0.0)));
		let colour = match standing {
			Standing::Novice => "#1c5d99",
			Standing::Regular => "#639fab",
			Standing::Veteran => "#bbcde5",
			Standing::Returned => "#d1603d",
		};
		let middle = y + ROW / 2;
		let _ = write!(
			rows,
			r##"<rect x="{from:.1}" y="{y}" width="{:.1}" height="{}" fill="{colour}"/>
<path d="M{:.1} {middle}H{:.1}" stroke="#222"/>
<text x="{}" y="{}" text-anchor="end">{} ({})</text>
"##,
			(to - from).max(1.0),
			ROW - 3,
			x(gain - error),
			x(gain + error),
			LEFT - 8,
			y + ROW - 4,
			strategy.name().replace('_', " "),
			standing.name(),
		);
		y += ROW;
	}
	let (width, height, zero) = (LEFT + WIDTH + 20, y + 34, x(0.0));
	let ticks: String = (least as i64..=1)
		.step_by((-least / 8.0).ceil().max(1.0) as usize)
		.map(|tick| {
			let at = x(tick as f64);
			format!("<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>\n", y + 18)
		})
		.collect();
	format!(
		r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="8" y="20" font-size="14">What lies gain per window over honest work, in costs of a unit</text>
{rows}<path d="M{zero:.1} {TOP}V{y}" stroke="#222"/>
{ticks}</svg>
"##
	)
}
