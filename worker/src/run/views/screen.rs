//! One screen about a running daemon: the chain, the provider, its places, what was told last.

use ratatui_core::{
	layout::{Constraint, Layout, Rect},
	style::{Color, Style},
	terminal::Frame,
	text::{Line, Span},
};
use ratatui_widgets::{
	block::Block, borders::BorderType, gauge::LineGauge, paragraph::Paragraph, sparkline::Sparkline,
};

use crate::{
	commands::{measured, short, time::at},
	run::monitor::{ChainStatus, Neighbour, SeatStatus, Status, Told},
};

/// Lines of a place, with its frame.
const SEAT: u16 = 10;
/// Width of what stands before each line.
const LABEL: u16 = 12;
const DIM: Style = Style::new().fg(Color::DarkGray);
const GOOD: Style = Style::new().fg(Color::Green);
const BAD: Style = Style::new().fg(Color::Yellow);

/// Draw how things are; `now` is in seconds since 1970.
pub fn draw(frame: &mut Frame, status: &Status, now: u64) {
	let mut parts = vec![Constraint::Length(4)];
	parts.extend(status.seats.iter().map(|_| Constraint::Length(SEAT)));
	parts.extend([Constraint::Min(3), Constraint::Length(1)]);
	let areas = Layout::vertical(parts).split(frame.area());
	let [top, seats @ .., told, keys] = &*areas else { return };
	frame.render_widget(Paragraph::new(head(status, now)), *top);
	for (seat, area) in status.seats.iter().zip(seats) {
		draw_seat(frame, status, seat, *area);
	}
	draw_told(frame, status, now, *told);
	let keys_say = match status.leaving {
		true => "ending after the running window; q again ends at once",
		false => "q ends after the running window; twice, at once",
	};
	frame.render_widget(Line::styled(keys_say, DIM), *keys);
}

/// The chain and the provider.
fn head(status: &Status, now: u64) -> Vec<Line<'static>> {
	let provider = match &status.provider {
		Some(provider) => provider.to_string(),
		None => "this machine is not registered yet".into(),
	};
	let up = duration(now.saturating_sub(status.started));
	let mut lines = vec![
		line("provider", format!("{provider}, up {up}, version {}", status.version), None),
		chain(&status.chain),
	];
	let account = status.account.as_ref();
	if let Some(registration) = account.and_then(|account| account.registration.as_ref()) {
		let bond = format!(
			"{}, {} committed; {} to spend, {} for fees",
			registration.bond,
			registration.committed,
			account.and_then(|account| account.balance).unwrap_or_default(),
			registration.worker_balance
		);
		let conduct = format!(
			"{} FLOPs in {} final units; {} faults, {} absences",
			short(registration.points as f64),
			registration.units,
			registration.faults,
			registration.absences
		);
		lines.extend([line("bond", bond, None), line("points", conduct, None)]);
	}
	lines
}

fn chain(chain: &ChainStatus) -> Line<'static> {
	let peers = if chain.peers == 1 { "peer" } else { "peers" };
	let said = format!(
		"{} at {}: newest {}, final {}, {} {peers}",
		chain.name, chain.node, chain.best, chain.r#final, chain.peers
	);
	let trouble = match (chain.answers, chain.silence) {
		(false, _) => Some("the node does not answer".into()),
		(true, Some(silence)) => Some(format!("nothing became final for {}", duration(silence))),
		(true, None) => chain.is_syncing.then(|| "still syncing".into()),
	};
	line("chain", said, trouble)
}

fn draw_seat(frame: &mut Frame, status: &Status, seat: &SeatStatus, area: Rect) {
	let lane = seat.lane.map(|lane| format!(", lane {lane}")).unwrap_or_default();
	let title =
		format!(" model {}, stage {}{lane}: {} ", seat.model, seat.stage, seat.doing.word());
	let block = Block::bordered().border_type(BorderType::Rounded).title(title);
	let inside = block.inner(area);
	frame.render_widget(block, area);
	let [window, words, losses] =
		Layout::vertical([Constraint::Length(1), Constraint::Length(6), Constraint::Min(1)])
			.areas(inside);
	draw_window(frame, seat, window);
	frame.render_widget(Paragraph::new(words_of(status, seat)), words);
	draw_losses(frame, seat, losses);
}

/// How far the window is.
fn draw_window(frame: &mut Frame, seat: &SeatStatus, area: Rect) {
	let Some(window) = seat.window else {
		return frame.render_widget(line("window", "none yet".into(), None), area);
	};
	let [label, gauge] =
		Layout::horizontal([Constraint::Length(LABEL), Constraint::Min(1)]).areas(area);
	frame.render_widget(Line::styled(format!("window {window}"), DIM), label);
	let ratio = f64::from(seat.step) / f64::from(seat.steps.max(1));
	let far = format!("{} of {} steps", seat.step, seat.steps);
	let gauge_of = LineGauge::default().ratio(ratio.min(1.0)).label(far);
	let gauge_of = gauge_of.filled_symbol("█").unfilled_symbol("░");
	frame.render_widget(gauge_of.filled_style(GOOD).unfilled_style(DIM), gauge);
}

/// What is said of a place in words.
fn words_of(status: &Status, seat: &SeatStatus) -> Vec<Line<'static>> {
	let totals = &seat.totals;
	let deadline = match seat.deadline {
		Some(deadline) => at(deadline, status.chain.r#final),
		None => "none".into(),
	};
	let seconds = (totals.computing + totals.waiting).max(f64::EPSILON);
	let time = format!(
		"{:.0} % compute, {:.0} % wait; {} tokens/s; {} sent, {} received",
		100.0 * totals.computing / seconds,
		100.0 * totals.waiting / seconds,
		short(seat.tokens_per_second),
		measured(totals.sent as f64, "B"),
		measured(totals.received as f64, "B")
	);
	let work = format!("{} units attested, {} lanes broken", totals.units, totals.broken);
	let audits = format!(
		"{} passed, {} failed, {} without inputs; {} moves in disputes",
		totals.audits_passed, totals.audits_failed, totals.audits_unavailable, totals.moves
	);
	vec![
		line("deadline", deadline, seat.waits_for.clone()),
		neighbours(seat),
		line("time", time, None),
		line("work", work, None),
		line("audits", audits, None),
		line("shares", shares(status, seat), None),
	]
}

fn neighbours(seat: &SeatStatus) -> Line<'static> {
	if seat.neighbours.is_empty() {
		return line("neighbours", "none".into(), None);
	}
	let spans = [label("neighbours")].into_iter().chain(seat.neighbours.iter().flat_map(neighbour));
	spans.collect::<Vec<_>>().into()
}

fn neighbour(it: &Neighbour) -> [Span<'static>; 2] {
	let (dot, style) = if it.connected { ("● ", GOOD) } else { ("○ ", DIM) };
	[Span::styled(dot, style), format!("{} {}  ", it.role, brief(&it.provider)).into()]
}

/// What the model has brought.
fn shares(status: &Status, seat: &SeatStatus) -> String {
	let Some(account) = &status.account else { return "not known yet".into() };
	let place = account.places.iter().find(|place| place.model == seat.model);
	let escrow = place.map_or(0, |place| place.escrow);
	let held = account.shares.iter().find(|holding| holding.model == seat.model);
	let held = held.map_or("none yet".into(), |holding| {
		format!("{} ({:.2} %), {} to claim", holding.shares, holding.percent(), holding.claimable)
	});
	format!("{held}; {} FLOPs not final", short(escrow as f64))
}

/// The losses of the last steps, as far as there is room.
fn draw_losses(frame: &mut Frame, seat: &SeatStatus, area: Rect) {
	let Some(loss) = seat.loss else { return };
	let [label_area, value, curve] =
		Layout::horizontal([Constraint::Length(LABEL), Constraint::Length(8), Constraint::Min(1)])
			.areas(area);
	frame.render_widget(Line::from(label("loss")), label_area);
	frame.render_widget(Line::from(format!("{loss:.4}")), value);
	let shown = seat.losses.len().min(curve.width.into());
	let losses: Vec<f32> = seat.losses.iter().skip(seat.losses.len() - shown).copied().collect();
	let (low, high) = losses
		.iter()
		.fold((f32::MAX, f32::MIN), |(low, high), loss| (low.min(*loss), high.max(*loss)));
	let span = (high - low).max(f32::EPSILON);
	// In 64ths of the room: the lowest is seen, too.
	let heights = losses.iter().map(|loss| 8 + (56.0 * (loss - low) / span) as u64);
	let heights: Vec<u64> = heights.collect();
	frame.render_widget(Sparkline::default().data(&heights).max(64).style(GOOD), curve);
}

fn draw_told(frame: &mut Frame, status: &Status, now: u64, area: Rect) {
	let block = Block::bordered().border_type(BorderType::Rounded).title(" told last ");
	let room = usize::from(block.inner(area).height);
	let lines = status.told.iter().rev().take(room).map(|Told { at, words }| {
		let ago = format!("{} ago", duration(now.saturating_sub(*at)));
		line(&ago, words.clone(), None)
	});
	frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()).block(block), area);
}

fn label(text: &str) -> Span<'static> {
	Span::styled(format!("{text:<0$}", usize::from(LABEL)), DIM)
}

/// A line with a label, and trouble in another colour.
fn line(of: &str, text: String, trouble: Option<String>) -> Line<'static> {
	let trouble = trouble.map(|trouble| Span::styled(format!("; {trouble}"), BAD));
	[label(of), text.into()].into_iter().chain(trouble).collect::<Vec<_>>().into()
}

/// The ends of an account's name.
fn brief(account: &cairn_chain::AccountId) -> String {
	let name = account.to_string();
	let end = name.len().saturating_sub(4);
	format!("{}…{}", name.get(..6).unwrap_or(&name), name.get(end..).unwrap_or_default())
}

fn duration(seconds: u64) -> String {
	match seconds {
		..120 => format!("{seconds} s"),
		120..7_200 => format!("{} min", seconds / 60),
		7_200..172_800 => format!("{} h", seconds / 3_600),
		_ => format!("{} days", seconds / 86_400),
	}
}

#[cfg(test)]
mod tests {
	use std::{fs, path::Path, time::Duration};

	use cairn_chain::Key;
	use ratatui_core::{backend::TestBackend, terminal::Terminal};

	use super::*;
	use crate::{
		amount::{Crn, Shares},
		commands::{
			shares::Holding,
			status::{Account, Registration},
		},
		run::{lane::Progress, monitor::Doing},
	};

	/// What a terminal of a size shows.
	fn shown(status: &Status, width: u16, height: u16) -> String {
		let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
		terminal.draw(|frame| draw(frame, status, 1_000_330)).unwrap();
		let buffer = terminal.backend().buffer();
		let lines = buffer.content.chunks(width.into()).map(|cells| {
			let line: String = cells.iter().map(|cell| cell.symbol()).collect();
			format!("{}\n", line.trim_end())
		});
		lines.collect()
	}

	fn account(name: &str) -> cairn_chain::AccountId {
		Key::from_phrase(name).unwrap().account()
	}

	/// A last stage amid a window.
	fn busy() -> Status {
		let mut status = Status::new("ws://127.0.0.1:9944");
		status.started = 1_000_000;
		status.provider = Some(account("//Alice"));
		status.chain.name = "Development".into();
		(status.chain.best, status.chain.r#final, status.chain.peers) = (120, 117, 3);
		let crn = |whole: u128| Crn(whole * 1_000_000_000_000);
		let registration = Registration {
			bond: crn(20),
			committed: crn(10),
			free: crn(10),
			worker: account("//Alice//worker"),
			worker_balance: crn(1),
			units: 12,
			points: 3_400_000_000,
			faults: 0,
			absences: 1,
		};
		let holding = Holding {
			model: 3,
			shares: Shares(4_200_000_000_000),
			supply: Shares(100_000_000_000_000),
			claimable: crn(2),
		};
		status.account = Some(Account {
			registration: Some(registration),
			balance: Some(crn(1_000)),
			shares: vec![holding],
			..Account::default()
		});
		let mut seat = SeatStatus::new(3, 1);
		(seat.lane, seat.window, seat.deadline, seat.steps) = (Some(0), Some(7), Some(132), 100);
		seat.doing = Doing::Computing;
		let provider = account("//Bob");
		seat.neighbours = vec![Neighbour { role: "upstream", provider, connected: true }];
		for step in 1..=62u32 {
			let loss = Some(3.0 + 3.0 / step as f32);
			let elapsed = Duration::from_millis(u64::from(step) * 50);
			seat.computed(Progress { steps: step, loss, elapsed, waited: elapsed / 5 }, 512);
		}
		(seat.totals.sent, seat.totals.received) = (8_126_464, 8_126_464);
		(seat.totals.units, seat.totals.audits_passed) = (6, 2);
		status.seats.push(seat);
		let at = std::time::UNIX_EPOCH + Duration::from_secs(1_000_300);
		status.tell("model 3, window 6: the edge to the stage before broke", at);
		status
	}

	#[test]
	fn the_guide_shows_what_a_terminal_shows() {
		let screen = shown(&busy(), 100, 19);
		let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/provider.md");
		let guide = fs::read_to_string(guide).unwrap();
		assert!(guide.contains(&screen), "docs/provider.md should show this:\n{screen}");
	}

	#[test]
	fn trouble_is_on_the_screen() {
		let mut status = busy();
		status.chain.answers = false;
		status.leaving = true;
		status.seats[0].waits_for = Some("no peer of stage 1 has shard 0x12".into());
		let screen = shown(&status, 120, 20);
		for words in ["the node does not answer", "no peer of stage 1", "q again ends at once"] {
			assert!(screen.contains(words), "{words} is missing:\n{screen}");
		}
	}

	#[test]
	fn a_terminal_without_room_is_no_reason_to_stop() {
		let mut status = busy();
		status.seats = (0..5).map(|_| status.seats[0].clone()).collect();
		for (width, height) in [(1, 1), (10, 3), (40, 12), (80, 24)] {
			shown(&status, width, height);
		}
		let waiting = shown(&Status::new("ws://node"), 80, 10);
		assert!(waiting.contains("this machine is not registered yet"), "{waiting}");
	}
}
