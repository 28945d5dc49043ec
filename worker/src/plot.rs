//! Losses as an image.

use plotters::{
	chart::SeriesLabelPosition,
	coord::{types::RangedCoordf64, Shift},
	prelude::*,
	style::{register_font, FontStyle},
};

/// Width and height of the image.
const SIZE: (u32, u32) = (1200, 800);
/// Everything is drawn larger by this factor and then averaged, because plotters draws thick lines with rough edges.
const OVERSAMPLING: u32 = 2;
/// Bytes that drawing takes: the pixels as they are drawn and as they are averaged, the lines and the font.
pub const MEMORY: u64 =
	(OVERSAMPLING * OVERSAMPLING + 1) as u64 * (SIZE.0 * SIZE.1 * 3) as u64 + (1 << 20);
/// How many neighbours are averaged for the smoothed line: this part of all steps.
const SMOOTHED_PART: usize = 40;
/// Columns that a line is drawn in, if it has more points.
const COLUMNS: usize = 1000;
/// By how many pixels plotters sets text too high.
const RISE: u32 = 4;

const FONT: &str = "DejaVu Sans";
const INK: RGBColor = RGBColor(0x33, 0x33, 0x33);
const GRID: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);
const STEPS: RGBColor = RGBColor(0xa9, 0xc4, 0xe4);
const SMOOTHED: RGBColor = RGBColor(0x1f, 0x5a, 0xa6);
const HELD_OUT: RGBColor = RGBColor(0xd1, 0x49, 0x3f);

type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;
type Chart<'a, 'b> =
	ChartContext<'a, BitMapBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
/// Tokens in a unit, and losses.
type Points = [(f64, f64)];

/// How a model learned: losses in nats a token, each with the tokens that were trained on before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
	/// What a point of the training is of.
	pub each: Each,
	/// Of steps or windows.
	pub training: Vec<(u64, f64)>,
	/// Of held-out text, behind windows.
	pub held_out: Vec<(u64, f64)>,
}

/// What a point of the training is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Each {
	/// A step.
	#[default]
	Step,
	/// A window.
	Window,
}

impl Each {
	fn name(self) -> &'static str {
		match self {
			Self::Step => "step",
			Self::Window => "window",
		}
	}
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
	/// The library fails.
	#[error("the losses cannot be drawn: {0}")]
	Drawing(String),
	/// The image cannot be compressed.
	#[error("the image of the losses cannot be encoded: {0}")]
	Encoding(#[from] png::EncodingError),
}

impl<E: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<E>> for PlotError {
	fn from(error: DrawingAreaErrorKind<E>) -> Self {
		Self::Drawing(error.to_string())
	}
}

/// A PNG file of the curves.
pub fn png(title: &str, curves: &Curves) -> Result<Vec<u8>, PlotError> {
	let (width, height) = (SIZE.0 * OVERSAMPLING, SIZE.1 * OVERSAMPLING);
	let mut pixels = vec![0; (width * height * 3) as usize];
	let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
	draw(&area, title, curves)?;
	drop(area);
	let image = averaged(&pixels);
	drop(pixels);
	encode(&image)
}

/// A length on the image as it is drawn.
fn px(pixels: u32) -> u32 {
	pixels * OVERSAMPLING
}

fn line(color: RGBColor, width: u32) -> ShapeStyle {
	color.stroke_width(px(width))
}

fn font(size: u32) -> TextStyle<'static> {
	(FONT, px(size)).into_font().color(&INK)
}

/// The axes with their text, and the lines.
fn draw(area: &Area, title: &str, curves: &Curves) -> Result<(), PlotError> {
	register_font(FONT, FontStyle::Normal, include_bytes!("../assets/DejaVuSans-ASCII.ttf"))
		.map_err(|_| PlotError::Drawing("the font is damaged".into()))?;
	let (unit, tokens) = axis(curves);
	let in_units = |points: &[(u64, f64)]| -> Vec<(f64, f64)> {
		points.iter().map(|(tokens, loss)| (*tokens as f64 / unit, *loss)).collect()
	};
	let (training, held_out) = (in_units(&curves.training), in_units(&curves.held_out));
	let (last, low, high) = range(training.iter().chain(&held_out));
	let space = ((high - low) * 0.05).max(0.01);

	area.fill(&WHITE)?;
	let mut chart = ChartBuilder::on(area)
		.caption(title, font(30))
		.margin(px(24))
		.x_label_area_size(px(80))
		.y_label_area_size(px(95))
		.build_cartesian_2d(0.0..last * 1.02, low - space..high + space)?;
	chart
		.configure_mesh()
		.x_desc(tokens)
		.y_desc("loss (nats per token)")
		.axis_desc_style(font(24))
		.label_style(font(22))
		.x_label_formatter(&plain)
		.y_label_formatter(&plain)
		.x_labels(8)
		.y_labels(8)
		.y_label_offset(px(RISE))
		.set_all_tick_mark_size(px(6))
		.max_light_lines(1)
		.axis_style(line(INK, 2))
		.bold_line_style(line(GRID, 1))
		.light_line_style(TRANSPARENT)
		.draw()?;
	draw_lines(&mut chart, curves.each.name(), &training, &held_out)
}

/// The lines, and what each of them is.
fn draw_lines<'a, 'b: 'a>(
	chart: &mut Chart<'a, 'b>,
	each: &str,
	training: &Points,
	held_out: &Points,
) -> Result<(), PlotError> {
	let (length, rise) = (px(32) as i32, px(RISE) as i32);
	let sample =
		|style| move |(x, y)| PathElement::new([(x, y - rise), (x + length, y - rise)], style);
	let (thin, thick) = (line(STEPS, 1), line(SMOOTHED, 3));
	let (smoothed, neighbours) = smoothed(training);
	let of_training = match neighbours {
		1 => format!("training, each {each}"),
		_ => {
			chart
				.draw_series(segments(&extremes(training), thin))?
				.label(format!("training, each {each}"))
				.legend(sample(thin));
			format!("training, mean of {neighbours} {each}s")
		},
	};
	chart.draw_series(segments(&smoothed, thick))?.label(of_training).legend(sample(thick));
	if !held_out.is_empty() {
		let (style, radius) = (line(HELD_OUT, 2), px(5));
		chart.draw_series(segments(held_out, style))?;
		let points = held_out.iter().map(|point| Circle::new(*point, radius, HELD_OUT.filled()));
		chart.draw_series(points)?.label("held-out, each window").legend(move |(x, y)| {
			EmptyElement::at((x, y - rise))
				+ PathElement::new([(0, 0), (length, 0)], style)
				+ Circle::new((length / 2, 0), radius, HELD_OUT.filled())
		});
	}
	chart
		.configure_series_labels()
		.position(SeriesLabelPosition::UpperRight)
		.legend_area_size(px(56))
		.margin(px(20))
		.label_font(font(22))
		.background_style(WHITE.mix(0.9))
		.border_style(line(GRID, 1))
		.draw()?;
	Ok(())
}

/// The last of the tokens, the lowest and the highest loss; of no points what makes an empty plot.
fn range<'a>(points: impl Iterator<Item = &'a (f64, f64)>) -> (f64, f64, f64) {
	points
		.map(|(tokens, loss)| (*tokens, *loss, *loss))
		.reduce(|a, b| (a.0.max(b.0), a.1.min(b.1), a.2.max(b.2)))
		.unwrap_or((1.0, 0.0, 1.0))
}

/// The unit of the axis of tokens, and what is written at it.
fn axis(curves: &Curves) -> (f64, &'static str) {
	let most = curves.training.iter().chain(&curves.held_out).map(|point| point.0).max();
	match most.unwrap_or(0) {
		0..10_000 => (1.0, "tokens"),
		10_000..10_000_000 => (1e3, "tokens (thousands)"),
		10_000_000..10_000_000_000 => (1e6, "tokens (millions)"),
		_ => (1e9, "tokens (billions)"),
	}
}

/// A tick's number without the digits that binary fractions add.
fn plain(number: &f64) -> String {
	((number * 1e6).round() / 1e6).to_string()
}

/// The mean of each point and its neighbours on both sides, and how many that are. The first points, where losses fall fast,
/// have as many on either side as there are before them; the last ones have all before them.
fn smoothed(points: &Points) -> (Vec<(f64, f64)>, usize) {
	let side = points.len() / SMOOTHED_PART / 2;
	let mean = |i: usize| {
		let side = side.min(i);
		let near = &points[i - side..points.len().min(i + side + 1)];
		(points[i].0, near.iter().map(|point| point.1).sum::<f64>() / near.len() as f64)
	};
	let last = points.len().checked_sub(1);
	let shown = (0..points.len()).step_by(points.len().div_ceil(COLUMNS).max(1)).chain(last);
	(shown.map(mean).collect(), 2 * side + 1)
}

/// A line, piece by piece: as one path it would have spikes where it turns.
fn segments<'a, B: DrawingBackend + 'a>(
	points: &'a Points,
	style: ShapeStyle,
) -> impl Iterator<Item = DynElement<'static, B, (f64, f64)>> + 'a {
	let joint = (style.stroke_width / 2).saturating_sub(1);
	points.windows(2).flat_map(move |ends| {
		let joint = Circle::new(ends[1], joint, style.color.filled());
		[PathElement::new(ends.to_vec(), style).into_dyn(), joint.into_dyn()]
	})
}

/// The points, or the lowest and the highest of each column if there are too many to be seen.
fn extremes(points: &Points) -> Vec<(f64, f64)> {
	let column = points.len().div_ceil(COLUMNS).max(1);
	if column <= 2 {
		return points.to_vec();
	}
	points
		.chunks(column)
		.flat_map(|column| {
			let losses = column.iter().map(|point| point.1);
			let low = losses.clone().fold(f64::INFINITY, f64::min);
			[(column[0].0, low), (column[0].0, losses.fold(f64::NEG_INFINITY, f64::max))]
		})
		.collect()
}

/// The mean of each square of drawn pixels.
fn averaged(pixels: &[u8]) -> Vec<u8> {
	let side = OVERSAMPLING as usize;
	let width = SIZE.0 as usize;
	let mut means = Vec::with_capacity(pixels.len() / (side * side));
	for rows in pixels.chunks_exact(side * side * width * 3) {
		let mut sums = vec![0; width * 3];
		for row in rows.chunks_exact(side * width * 3) {
			for (sums, square) in sums.chunks_exact_mut(3).zip(row.chunks_exact(side * 3)) {
				for (place, value) in square.iter().enumerate() {
					sums[place % 3] += u32::from(*value);
				}
			}
		}
		means.extend(sums.into_iter().map(|sum| (sum / (OVERSAMPLING * OVERSAMPLING)) as u8));
	}
	means
}

fn encode(pixels: &[u8]) -> Result<Vec<u8>, PlotError> {
	let mut file = Vec::new();
	let mut encoder = png::Encoder::new(&mut file, SIZE.0, SIZE.1);
	encoder.set_color(png::ColorType::Rgb);
	encoder.write_header()?.write_image_data(pixels)?;
	Ok(file)
}

#[cfg(test)]
mod tests {
	use std::io;

	use super::*;

	/// Places of pixels of a color, from the top and the left.
	fn places(file: &[u8], color: RGBColor) -> Vec<(usize, usize)> {
		let mut reader = png::Decoder::new(io::Cursor::new(file)).read_info().unwrap();
		let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
		let info = reader.next_frame(&mut pixels).unwrap();
		assert_eq!((info.width, info.height), SIZE);
		let width = SIZE.0 as usize;
		let pixels = pixels.chunks_exact(3).enumerate();
		let of_color = pixels.filter(|(_, pixel)| *pixel == [color.0, color.1, color.2]);
		of_color.map(|(place, _)| (place / width, place % width)).collect()
	}

	#[test]
	fn losses_that_fall_are_lines_that_fall() {
		let training: Vec<_> = (1..=500).map(|i| (i * 64, 5.0 - i as f64 / 200.0)).collect();
		let held_out = vec![(16_000, 4.0), (32_000, 2.7)];
		let file = png("a model", &Curves { training, held_out, ..Curves::default() }).unwrap();
		for color in [SMOOTHED, HELD_OUT] {
			// Below the legend, which has the colors too.
			let line: Vec<_> = places(&file, color)
				.into_iter()
				.filter(|place| place.0 > SIZE.1 as usize / 4)
				.collect();
			assert!(line.len() > 100, "{color:?}");
			let (highest, lowest) = (line[0], line[line.len() - 1]);
			assert!(highest.1 + 300 < lowest.1, "{color:?}: {highest:?} to {lowest:?}");
		}
		assert!(places(&file, INK).len() > 1_000, "axes and text");
	}

	#[test]
	fn a_run_without_losses_has_an_empty_plot() {
		let file = png("a model", &Curves::default()).unwrap();
		assert!(places(&file, GRID).len() > 1_000);
	}

	#[test]
	fn no_extreme_of_many_steps_is_left_out() {
		let mut points: Vec<_> = (0..123_456).map(|i| (f64::from(i), 1.0)).collect();
		(points[5_003].1, points[123_455].1) = (9.0, 0.5);
		let shown = extremes(&points);
		assert!(shown.len() <= 2 * COLUMNS);
		assert_eq!(shown.iter().filter(|point| point.1 == 9.0).count(), 1);
		assert_eq!(shown.last().unwrap().1, 1.0);
		assert_eq!(shown[shown.len() - 2].1, 0.5);
		assert_eq!(extremes(&points[..1_500]), points[..1_500]);
	}

	#[test]
	fn smoothing_takes_noise_away_and_no_slope() {
		let slope: Vec<_> = (0..800).map(|i| (f64::from(i), 10.0 - f64::from(i))).collect();
		let (line, neighbours) = smoothed(&slope);
		assert_eq!((line.len(), neighbours), (801, 21));
		assert_eq!(line[..790], slope[..790]);
		let noise: Vec<_> = (0..800).map(|i| (f64::from(i), f64::from(i % 2))).collect();
		let (line, _) = smoothed(&noise);
		assert!(line[10..].iter().all(|point| (point.1 - 0.5).abs() < 0.05));
		assert_eq!(smoothed(&slope[..1]).0[0], slope[0]);
		assert_eq!(smoothed(&[]).0, []);
	}

	#[test]
	fn ticks_are_plain_numbers_in_a_unit_that_keeps_them_short() {
		assert_eq!([0.1 + 0.2, 50.0, 2.5].map(|number| plain(&number)), ["0.3", "50", "2.5"]);
		let at = |tokens| axis(&Curves { training: vec![(tokens, 1.0)], ..Curves::default() }).0;
		assert_eq!([0, 9_999, 10_000, 10_000_000, 1 << 40].map(at), [1.0, 1.0, 1e3, 1e6, 1e9]);
	}
}
