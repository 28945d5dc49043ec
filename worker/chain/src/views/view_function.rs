//! How view functions are asked over the wire: `execute_view_function(id, input) -> Result<output, error>`, where input and output
//! are bytes with their length in front. (subxt leaves out both lengths and the `Result`.)

use codec::{Decode, Encode};

/// Bytes of the name of a view function.
const ID: usize = 32;

/// The arguments of the runtime API: the name, and the encoded inputs with their length. Without the length they are `asked`.
pub(super) fn question(asked: &[u8]) -> Vec<u8> {
	let (id, inputs) = asked.split_at(asked.len().min(ID));
	[id, &inputs.to_vec().encode()].concat()
}

/// The output in what the runtime API answers.
pub(super) fn answer(mut bytes: &[u8]) -> Result<Vec<u8>, String> {
	match Result::<Vec<u8>, u8>::decode(&mut bytes) {
		Ok(Ok(output)) => Ok(output),
		Ok(Err(error)) => Err(format!("the runtime refuses the question (error {error})")),
		Err(error) => Err(format!("the answer cannot be read: {error}")),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn inputs_have_their_length_in_front() {
		let asked = [&[7; ID][..], &[1, 2, 3, 4]].concat();
		assert_eq!(question(&asked), [&[7; ID][..], &[16, 1, 2, 3, 4]].concat());
		assert_eq!(question(&[7; ID]), [&[7; ID][..], &[0]].concat());
	}

	#[test]
	fn an_answer_is_unwrapped_or_says_why_there_is_none() {
		assert_eq!(answer(&[0, 8, 5, 6]), Ok(vec![5, 6]));
		assert!(answer(&[1, 2]).unwrap_err().contains("error 2"));
		assert!(answer(&[0, 8, 5]).unwrap_err().contains("cannot be read"));
	}
}
