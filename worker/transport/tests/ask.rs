//! Questions, to peers that answer, refuse, fall silent or talk nonsense.

mod common;

use std::{
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc,
	},
	time::Duration,
};

use bytes::Bytes;
use cairn_primitives::Hash;
use cairn_transport::{
	AskError, Endpoint, Peer, Question, Shelf, TooLong, MAX_ANSWER, MAX_QUESTION, MAX_QUESTIONS,
};
use common::{bare_endpoint, builder, endpoint, LONG};
use futures::future::join_all;
use iroh::EndpointAddr;
use tokio::{
	sync::mpsc,
	time::{sleep, timeout},
};

const ASK_ALPN: &[u8] = b"cairn/ask/1";

/// An endpoint that answers, and the questions that it is asked.
async fn answerer(secret: u8) -> (Endpoint, mpsc::Receiver<Question>) {
	let (tell, questions) = mpsc::channel(4);
	(builder(secret).answer(tell).bind().await.unwrap(), questions)
}

/// An endpoint that repeats what `asker` says.
async fn echo(secret: u8, asker: &Endpoint) -> Endpoint {
	let (there, mut questions) = answerer(secret).await;
	there.admissions().admit_to_ask(asker.id());
	tokio::spawn(async move {
		while let Some(question) = questions.recv().await {
			let bytes = question.bytes.clone();
			question.answer(bytes).unwrap();
		}
	});
	there
}

async fn ask(here: &Endpoint, there: &Endpoint, question: &[u8]) -> Result<Bytes, AskError> {
	let question = Bytes::copy_from_slice(question);
	timeout(LONG, here.ask(&there.as_peer(), question)).await.unwrap()
}

#[tokio::test]
async fn a_question_is_answered_to_whoever_asks() {
	let here = endpoint(1).await;
	let (there, mut questions) = answerer(2).await;
	there.admissions().admit_to_ask(here.id());
	let answers = async {
		let question = timeout(LONG, questions.recv()).await.unwrap().unwrap();
		assert_eq!((question.from, &question.bytes[..]), (here.id(), &b"which codes?"[..]));
		question.answer(&b"these"[..]).unwrap();
	};
	let (answer, ()) = tokio::join!(ask(&here, &there, b"which codes?"), answers);
	assert_eq!(answer.unwrap(), "these");
}

#[tokio::test]
async fn the_longest_and_the_shortest_question_have_an_answer() {
	let here = endpoint(1).await;
	let there = echo(2, &here).await;
	for length in [0, 1, MAX_QUESTION] {
		let question = vec![7; length];
		assert!(ask(&here, &there, &question).await.unwrap() == question);
	}

	let (there, mut questions) = answerer(3).await;
	there.admissions().admit_to_ask(here.id());
	let answers = async { questions.recv().await.unwrap().answer(vec![8; MAX_ANSWER]).unwrap() };
	let (answer, ()) = tokio::join!(ask(&here, &there, b""), answers);
	assert!(answer.unwrap() == vec![8; MAX_ANSWER]);
}

#[tokio::test]
async fn whoever_is_admitted_to_anything_may_ask() {
	let here = endpoint(1).await;
	let there = echo(2, &here).await;
	there.admissions().replace([]);
	assert_eq!(ask(&here, &there, b"?").await, Err(AskError::NotAdmitted));
	let admits: [fn(&Endpoint, &Endpoint); 4] = [
		|there, here| there.admissions().admit_to_edge(here.id(), common::EDGE),
		|there, here| there.admissions().admit_to_shelf(here.id(), Shelf::new("audit")),
		|there, here| there.admissions().admit_to_blob(here.id(), Hash::zero()),
		|there, here| there.admissions().admit_to_ask(here.id()),
	];
	for admit in admits {
		there.admissions().replace([]);
		admit(&there, &here);
		assert_eq!(ask(&here, &there, b"?").await.unwrap(), "?");
	}
}

#[tokio::test]
async fn a_question_that_nobody_answers_is_refused() {
	let here = endpoint(1).await;
	let deaf = endpoint(2).await;
	deaf.admissions().admit_to_ask(here.id());
	assert_eq!(ask(&here, &deaf, b"?").await, Err(AskError::Refused));

	let (there, mut questions) = answerer(3).await;
	there.admissions().admit_to_ask(here.id());
	let drops = async { drop(questions.recv().await.unwrap()) };
	let (answer, ()) = tokio::join!(ask(&here, &there, b"?"), drops);
	assert_eq!(answer, Err(AskError::Refused));

	drop(questions);
	assert_eq!(ask(&here, &there, b"?").await, Err(AskError::Refused));
}

#[tokio::test]
async fn what_is_too_long_is_not_sent() {
	let here = endpoint(1).await;
	let (there, mut questions) = answerer(2).await;
	there.admissions().admit_to_ask(here.id());
	let bytes = MAX_QUESTION + 1;
	let asked = ask(&here, &there, &vec![0; bytes]).await;
	assert_eq!(asked, Err(AskError::TooLong(TooLong { bytes, limit: MAX_QUESTION })));
	assert!(questions.try_recv().is_err());

	let answers = async { questions.recv().await.unwrap().answer(vec![0; MAX_ANSWER + 1]) };
	let (asked, answered) = tokio::join!(ask(&here, &there, b"?"), answers);
	assert_eq!(answered, Err(TooLong { bytes: MAX_ANSWER + 1, limit: MAX_ANSWER }));
	assert_eq!(asked, Err(AskError::Refused));
}

#[tokio::test]
async fn a_question_that_is_announced_too_long_or_breaks_off_does_not_reach_the_answerer() {
	let (there, mut questions) = answerer(2).await;
	let liar = bare_endpoint(9, ASK_ALPN).await;
	there.admissions().admit_to_ask(liar.id());
	let address = EndpointAddr::new(there.id()).with_ip_addr(there.addresses()[0]);
	let connection = liar.connect(address, ASK_ALPN).await.unwrap();
	let (mut send, mut receive) = connection.open_bi().await.unwrap();
	send.write_all(&(MAX_QUESTION as u32 + 1).to_le_bytes()).await.unwrap();
	let answer = timeout(LONG, receive.read_to_end(10)).await.unwrap().unwrap();
	assert_eq!(answer, [1u8]);

	let (mut send, mut receive) = connection.open_bi().await.unwrap();
	send.write_all(&[4, 0, 0, 0, 1, 2, 3]).await.unwrap();
	send.finish().unwrap();
	let answer = timeout(LONG, receive.read_to_end(10)).await.unwrap().unwrap();
	assert!(answer.is_empty());
	assert!(questions.try_recv().is_err());
}

/// A peer that answers every question with these bytes, and how often it was dialled.
async fn liar(secret: u8, answer: Vec<u8>) -> (Peer, Arc<AtomicUsize>) {
	let endpoint = bare_endpoint(secret, ASK_ALPN).await;
	let peer = Peer::new(endpoint.id(), endpoint.bound_sockets());
	let dialled = Arc::new(AtomicUsize::new(0));
	let count = dialled.clone();
	tokio::spawn(async move {
		while let Some(incoming) = endpoint.accept().await {
			count.fetch_add(1, Ordering::Relaxed);
			let answer = answer.clone();
			tokio::spawn(async move {
				let connection = incoming.await.unwrap();
				while let Ok((mut send, _question)) = connection.accept_bi().await {
					let _ = send.write_all(&answer).await;
				}
			});
		}
	});
	(peer, dialled)
}

#[tokio::test]
async fn an_answer_that_is_none_is_an_error() {
	let here = endpoint(1).await;
	let long = (MAX_ANSWER as u32 + 1).to_le_bytes();
	let too_long = AskError::AnswerTooLong(TooLong { bytes: MAX_ANSWER + 1, limit: MAX_ANSWER });
	let cases = [
		(vec![], AskError::Malformed),
		(vec![2, 0, 0, 0, 0], AskError::Malformed),
		(vec![0, 2, 0, 0], AskError::Malformed),
		(vec![0, 2, 0, 0, 0, 7], AskError::Malformed),
		([&[0], &long[..]].concat(), too_long),
	];
	for (secret, (answer, error)) in cases.into_iter().enumerate() {
		let (peer, _) = liar(10 + secret as u8, answer).await;
		let asked = timeout(LONG, here.ask(&peer, Bytes::new())).await.unwrap();
		assert_eq!(asked, Err(error));
	}
}

#[tokio::test]
async fn a_peer_is_dialled_once_for_many_questions() {
	let here = endpoint(1).await;
	let (peer, dialled) = liar(9, vec![0, 1, 0, 0, 0, 7]).await;
	for _ in 0..3 {
		// On tasks of their own, as in a daemon.
		let asked = join_all((0..20).map(|_| {
			let (here, peer) = (here.clone(), peer.clone());
			tokio::spawn(async move { here.ask(&peer, Bytes::new()).await })
		}));
		for answer in timeout(LONG, asked).await.unwrap() {
			assert_eq!(answer.unwrap().unwrap(), vec![7]);
		}
	}
	assert_eq!(dialled.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_peer_that_does_not_answer_is_silent() {
	let patience = Duration::from_millis(500);
	let here = builder(1).patience(patience).bind().await.unwrap();
	let (there, mut questions) = answerer(2).await;
	there.admissions().admit_to_ask(here.id());
	let silent = ask(&here, &there, b"?").await;
	assert_eq!(silent, Err(AskError::Silent(patience)));
	// An answer that comes too late is none, and the next question has its own.
	questions.recv().await.unwrap().answer(&b"late"[..]).unwrap();
	let answers = async { questions.recv().await.unwrap().answer(&b"in time"[..]).unwrap() };
	let (answer, ()) = tokio::join!(ask(&here, &there, b"?"), answers);
	assert_eq!(answer.unwrap(), "in time");
}

#[tokio::test]
async fn a_peer_that_is_gone_cannot_be_reached() {
	let here = endpoint(1).await;
	let there = echo(2, &here).await;
	let gone = there.as_peer();
	there.close().await;
	let asked = timeout(LONG, here.ask(&gone, Bytes::new())).await.unwrap();
	assert!(matches!(asked, Err(AskError::Unreachable(_))), "{asked:?}");
}

#[tokio::test]
async fn a_peer_that_has_restarted_is_dialled_anew() {
	let here = endpoint(1).await;
	let first = echo(2, &here).await;
	assert_eq!(ask(&here, &first, b"1").await.unwrap(), "1");
	first.close().await;
	let second = echo(2, &here).await;
	assert_eq!(ask(&here, &second, b"2").await.unwrap(), "2");
}

#[tokio::test]
async fn a_question_over_a_kept_connection_that_is_lost_is_asked_once_more() {
	let endpoint = bare_endpoint(9, ASK_ALPN).await;
	let peer = Peer::new(endpoint.id(), endpoint.bound_sockets());
	// Hangs up at the second question of each connection; over the last, at the first.
	let served = tokio::spawn(async move {
		for answered in [1, 1, 0] {
			let connection = endpoint.accept().await.unwrap().await.unwrap();
			for _ in 0..answered {
				let (mut send, _question) = connection.accept_bi().await.unwrap();
				send.write_all(&[0, 1, 0, 0, 0, 7]).await.unwrap();
			}
			let _question = connection.accept_bi().await.unwrap();
			connection.close(0u32.into(), b"restarting");
		}
		endpoint
	});
	let here = common::endpoint(1).await;
	for _ in 0..2 {
		let answer = timeout(LONG, here.ask(&peer, Bytes::new())).await.unwrap();
		assert_eq!(answer.unwrap(), vec![7]);
	}
	let lost = timeout(LONG, here.ask(&peer, Bytes::new())).await.unwrap();
	assert!(matches!(lost, Err(AskError::Lost(_))), "{lost:?}");
	served.await.unwrap();
}

#[tokio::test]
async fn a_question_is_over_when_the_admission_is_withdrawn() {
	let here = endpoint(1).await;
	let (there, mut questions) = answerer(2).await;
	there.admissions().admit_to_ask(here.id());
	let withdraws = async {
		let question = questions.recv().await.unwrap();
		there.admissions().change(here.id(), |admission| admission.asks = false);
		question
	};
	let (asked, question) = tokio::join!(ask(&here, &there, b"?"), withdraws);
	assert_eq!(asked, Err(AskError::NotAdmitted));
	question.answer(&b"to nobody"[..]).unwrap();
	assert_eq!(ask(&here, &there, b"?").await, Err(AskError::NotAdmitted));
	assert!(questions.try_recv().is_err());

	there.admissions().admit_to_ask(here.id());
	let answers = async { questions.recv().await.unwrap().answer(&b"again"[..]).unwrap() };
	let (answer, ()) = tokio::join!(ask(&here, &there, b"?"), answers);
	assert_eq!(answer.unwrap(), "again");
}

#[tokio::test]
async fn many_questions_at_once_are_answered_a_few_at_a_time() {
	let here = endpoint(1).await;
	let (there, mut questions) = answerer(2).await;
	there.admissions().admit_to_ask(here.id());
	let [now, most] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
	let (open, highest) = (now.clone(), most.clone());
	tokio::spawn(async move {
		while let Some(question) = questions.recv().await {
			highest.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
			let open = open.clone();
			tokio::spawn(async move {
				sleep(Duration::from_millis(20)).await;
				open.fetch_sub(1, Ordering::SeqCst);
				let bytes = question.bytes.clone();
				question.answer(bytes).unwrap();
			});
		}
	});
	let asked: Vec<_> = (0..200u32).map(|number| number.to_le_bytes()).collect();
	let answers = join_all(asked.iter().map(|question| ask(&here, &there, question)));
	for (question, answer) in asked.iter().zip(timeout(LONG, answers).await.unwrap()) {
		assert_eq!(answer.unwrap()[..], *question);
	}
	assert_eq!(now.load(Ordering::SeqCst), 0);
	let most = most.load(Ordering::SeqCst);
	assert!((2..=MAX_QUESTIONS).contains(&most), "{most} at once");
}

#[tokio::test]
async fn a_flood_of_one_peer_leaves_room_for_others_whatever_it_connects() {
	let (there, mut questions) = answerer(2).await;
	let (flooder, other) = (bare_endpoint(9, ASK_ALPN).await, endpoint(3).await);
	there.admissions().admit_to_ask(flooder.id());
	there.admissions().admit_to_ask(other.id());
	let address = EndpointAddr::new(there.id()).with_ip_addr(there.addresses()[0]);

	// All that it asks over one connection is held; a second one is not a second share.
	let mut held = Vec::new();
	for _ in 0..2 {
		let connection = flooder.connect(address.clone(), ASK_ALPN).await.unwrap();
		let asking = connection.clone();
		let flood = tokio::spawn(async move {
			let mut streams = Vec::new();
			while let Ok((mut send, receive)) = asking.open_bi().await {
				let _ = send.write_all(&[0; 4]).await;
				let _ = send.finish();
				streams.push((send, receive));
			}
		});
		while let Ok(question) = timeout(Duration::from_millis(500), questions.recv()).await {
			held.push((question.unwrap(), connection.clone()));
		}
		flood.abort();
		assert_eq!(held.len(), MAX_QUESTIONS);
	}

	let answers = async {
		let question = questions.recv().await.unwrap();
		assert_eq!(question.from, other.id());
		question.answer(&b"you, too"[..]).unwrap();
	};
	let (answer, ()) = tokio::join!(ask(&other, &there, b"?"), answers);
	assert_eq!(answer.unwrap(), "you, too");
}

#[tokio::test]
async fn a_question_that_came_over_no_connection_has_its_answer() {
	let asker = endpoint(1).await.id();
	let (question, answer) = Question::new(asker, &b"?"[..]);
	question.answer(&b"!"[..]).unwrap();
	assert_eq!(answer.await.unwrap(), "!");
	let (question, answer) = Question::new(asker, &b"?"[..]);
	drop(question);
	assert!(answer.await.is_err());
}
