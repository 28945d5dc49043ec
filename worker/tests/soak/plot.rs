//! The course of it as an image: windows and deaths, memory, files.

use plotters::{
	prelude::*,
	style::{register_font, FontStyle},
};

use crate::sample::{Course, Sample};

/// Width and height of the image.
const SIZE: (u32, u32) = (1200, 1000);
const FONT: &str = "DejaVu Sans";
const MEGABYTE: f64 = 1e6;

/// A line: its name, and its value at each sample.
type Line<'a> = (String, Box<dyn Fn(&Sample) -> Option<f64> + 'a>);

/// A PNG file.
pub fn png(course: &Course) -> Vec<u8> {
	let font = include_bytes!("../../assets/DejaVuSans-ASCII.ttf");
	assert!(register_font(FONT, FontStyle::Normal, font).is_ok());
	let mut pixels = vec![0; (SIZE.0 * SIZE.1 * 3) as usize];
	let area = BitMapBackend::with_buffer(&mut pixels, SIZE).into_drawing_area();
	area.fill(&WHITE).unwrap();
	let parts = area.split_evenly((3, 1));
	let workers = course.samples.first().map_or(0, |sample| sample.workers.len());
	let megabytes = |bytes: u64| bytes as f64 / MEGABYTE;
	let counts: Vec<Line> = vec![
		("windows".into(), Box::new(|sample| sample.window.map(f64::from))),
		("deaths".into(), Box::new(|sample| Some(f64::from(sample.deaths)))),
	];
	let mut memory: Vec<Line> =
		vec![("node".into(), Box::new(|sample| sample.node.map(megabytes)))];
	let mut files: Vec<Line> = Vec::new();
	for number in 0..workers {
		let name = format!("worker {number}");
		memory.push((name.clone(), Box::new(move |s| s.workers[number].map(megabytes))));
		files.push((name, Box::new(move |sample| Some(megabytes(sample.files[number])))));
	}
	draw(&parts[0], "Windows begun, processes killed", course, &counts);
	draw(&parts[1], "Memory, MB", course, &memory);
	draw(&parts[2], "Files, MB", course, &files);
	drop((parts, area));

	let mut bytes = Vec::new();
	let mut encoder = png::Encoder::new(&mut bytes, SIZE.0, SIZE.1);
	encoder.set_color(png::ColorType::Rgb);
	encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
	bytes
}

fn draw(
	area: &DrawingArea<BitMapBackend, plotters::coord::Shift>,
	title: &str,
	course: &Course,
	lines: &[Line],
) {
	let minutes = |sample: &Sample| sample.at.as_secs_f64() / 60.0;
	let last = course.samples.last().map_or(1.0, minutes);
	let values = course.samples.iter().flat_map(|s| lines.iter().filter_map(|(_, at)| at(s)));
	let most = values.fold(1.0, f64::max) * 1.05;
	let mut chart = ChartBuilder::on(area)
		.caption(title, (FONT, 20))
		.margin(10)
		.x_label_area_size(30)
		.y_label_area_size(60)
		.build_cartesian_2d(0.0..last, 0.0..most)
		.unwrap();
	chart.configure_mesh().x_desc("minutes").label_style((FONT, 14)).draw().unwrap();
	for (number, (name, at)) in lines.iter().enumerate() {
		let color = Palette99::pick(number).to_rgba();
		let points = course.samples.iter().filter_map(|s| Some((minutes(s), at(s)?)));
		chart
			.draw_series([PathElement::new(points.collect::<Vec<_>>(), color)])
			.unwrap()
			.label(name)
			.legend(move |(x, y)| PathElement::new([(x, y), (x + 15, y)], color));
	}
	chart
		.configure_series_labels()
		.position(SeriesLabelPosition::UpperLeft)
		.label_font((FONT, 14))
		.background_style(WHITE.mix(0.8))
		.draw()
		.unwrap();
}
