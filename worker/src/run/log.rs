//! Logs: events with named fields, for people in colour on a terminal, for programs as a JSON object a line.

use std::{
	fmt,
	fs::File,
	io::{self, stderr, IsTerminal},
	path::Path,
	sync::Arc,
};

use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{json, Map, Value};
use tracing::{
	field::{Field, Visit},
	Event, Subscriber,
};
use tracing_subscriber::{
	fmt::{
		format::Writer,
		time::{FormatTime, SystemTime},
		writer::BoxMakeWriter,
		FmtContext, FormatEvent, FormatFields,
	},
	registry::LookupSpan,
	EnvFilter,
};

/// What is logged if `RUST_LOG` does not say otherwise: this program's own tasks.
const DEFAULT: &str = "warn,cairn_worker=info,cairn_chain=info,cairn_transport=info";
/// Begins the names of fields in which records of the crate `log` say where they come from.
const LOG: &str = "log.";

/// Who reads the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
	/// People.
	#[default]
	Text,
	/// Programs: a JSON object a line.
	Json,
}

/// Begin to log: to a file, behind what is there, or to standard error.
pub fn start(format: Format, file: Option<&Path>) -> io::Result<()> {
	let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
	let writer = match file {
		Some(path) => {
			BoxMakeWriter::new(Arc::new(File::options().create(true).append(true).open(path)?))
		},
		None => BoxMakeWriter::new(stderr),
	};
	let is_coloured = file.is_none() && stderr().is_terminal();
	let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
	// A process logs once: that there is a log already is as good.
	let _ = match format {
		Format::Text => log.with_ansi(is_coloured).try_init(),
		Format::Json => log.event_format(Json).try_init(),
	};
	Ok(())
}

/// Events as JSON. tracing-subscriber's own format would come with a feature that changes half of the node's dependencies.
struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
	S: Subscriber + for<'a> LookupSpan<'a>,
	N: for<'a> FormatFields<'a> + 'static,
{
	fn format_event(
		&self,
		_: &FmtContext<'_, S, N>,
		mut writer: Writer<'_>,
		event: &Event<'_>,
	) -> fmt::Result {
		let mut time = String::new();
		SystemTime.format_time(&mut Writer::new(&mut time))?;
		let mut fields = Fields::default();
		event.record(&mut fields);
		let metadata = event.metadata();
		let target = fields.target.unwrap_or_else(|| metadata.target().into());
		let mut object = Map::new();
		object.insert("time".into(), time.into());
		object.insert("level".into(), metadata.level().as_str().into());
		object.insert("target".into(), target.into());
		object.extend(fields.named);
		writeln!(writer, "{}", Value::Object(object))
	}
}

/// The fields of an event.
#[derive(Default)]
struct Fields {
	named: Map<String, Value>,
	/// Where a record of the crate `log` comes from.
	target: Option<String>,
}

impl Fields {
	fn put(&mut self, field: &Field, value: Value) {
		match field.name() {
			"log.target" => self.target = value.as_str().map(String::from),
			name if name.starts_with(LOG) => {},
			name => drop(self.named.insert(name.into(), value)),
		}
	}
}

impl Visit for Fields {
	fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
		self.put(field, format!("{value:?}").into());
	}

	fn record_str(&mut self, field: &Field, value: &str) {
		self.put(field, value.into());
	}

	fn record_bool(&mut self, field: &Field, value: bool) {
		self.put(field, value.into());
	}

	fn record_u64(&mut self, field: &Field, value: u64) {
		self.put(field, value.into());
	}

	fn record_i64(&mut self, field: &Field, value: i64) {
		self.put(field, value.into());
	}

	fn record_f64(&mut self, field: &Field, value: f64) {
		self.put(field, json!(value));
	}
}

#[cfg(test)]
mod tests {
	use std::fs;

	use super::*;

	#[test]
	fn an_event_is_an_object_with_its_fields() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("log");
		let file = Arc::new(File::create(&path).unwrap());
		let log = tracing_subscriber::fmt().event_format(Json).with_writer(file).finish();
		tracing::subscriber::with_default(log, || {
			tracing::warn!(window = 7, loss = ?Some(1.5), held = true, "said \"so\"\nand so");
		});
		let text = fs::read_to_string(path).unwrap();
		assert_eq!(text.lines().count(), 1, "{text}");
		let mut object: Value = serde_json::from_str(&text).unwrap();
		let time = object["time"].take();
		assert!(time.as_str().is_some_and(|time| time.ends_with('Z')), "{time}");
		let said = json!({
			"time": null,
			"level": "WARN",
			"target": module_path!(),
			"message": "said \"so\"\nand so",
			"window": 7,
			"loss": "Some(1.5)",
			"held": true,
		});
		assert_eq!(object, said);
	}
}
