//! What is printed.

use crate::{season::Outcome, strategy::Standing};

/// The name of a case in results: who begins anew has no name of its own.
fn name(Outcome { case: (strategy, standing), .. }: &Outcome) -> String {
	match standing {
		Standing::Novice => strategy.name().into(),
		_ => format!("{}_{}", strategy.name(), standing.name()),
	}
}

/// One line for each case, as it is done.
pub fn line(outcome: &Outcome) {
	let books = &outcome.books;
	let caught: Vec<String> =
		books.caught.iter().map(|(how, times)| format!("{how} {times}")).collect();
	let caught = if caught.is_empty() { "-".into() } else { caught.join(", ") };
	println!(
		"  {:<28} gain {:>9.2} ± {:.2} C; {} windows in {} lives; {caught}",
		name(outcome),
		outcome.mean(),
		outcome.error(),
		books.windows,
		books.lives,
	);
}

/// The lines that other programs read.
pub fn results(outcomes: &[Outcome]) {
	for outcome in outcomes {
		// What who was away can gain is a known limit, and told without a goal.
		let goal = match outcome.case.1 {
			Standing::Returned => "",
			_ => " goal <=0",
		};
		println!("result gain_{} {:.3}{goal}", name(outcome), outcome.mean());
	}
	let all = |count: fn(&Outcome) -> u32| outcomes.iter().map(count).sum::<u32>();
	println!("result honest_fined {} goal <=0", all(|outcome| outcome.books.fined_honest));
	let unpaid = |outcome: &Outcome| outcome.books.done_honest - outcome.books.paid_honest;
	println!("result honest_unpaid {} goal <=0", all(unpaid));
}
