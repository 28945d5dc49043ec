//! Hands the questions of peers to whoever answers them, a few of each peer at once.

use std::{
	collections::HashMap,
	sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use iroh::{
	endpoint::{Connection, RecvStream, SendStream, VarInt, WeakConnectionHandle},
	EndpointId,
};
use tokio::{
	sync::{mpsc, OwnedSemaphorePermit, Semaphore},
	task::JoinSet,
	time::timeout,
};

use super::{length, read, Question, Unread, ANSWERED, MAX_QUESTION, MAX_QUESTIONS, REFUSED};
use crate::{edge::PATIENCE, Admission, Admissions, CloseCode};

/// Bytes of questions that a peer may have under way.
const WINDOW: u32 = (MAX_QUESTIONS * (MAX_QUESTION + 1024)) as u32;

/// Serves those who ask. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Answering {
	/// Whoever answers; none refuses all.
	questions: Option<mpsc::Sender<Question>>,
	admissions: Admissions,
	guests: Arc<Mutex<HashMap<EndpointId, Guest>>>,
}

/// A peer that asks.
#[derive(Debug)]
struct Guest {
	/// The latest of its connections: it needs one.
	connection: WeakConnectionHandle,
	/// Bounds its questions, over whichever connection they come.
	places: Arc<Semaphore>,
}

impl Answering {
	pub fn new(questions: Option<mpsc::Sender<Question>>, admissions: Admissions) -> Self {
		Self { questions, admissions, guests: Arc::default() }
	}

	/// Serve a connection until it ends.
	pub async fn serve(&self, connection: Connection) {
		self.admissions.guard(&connection, may_ask);
		connection.set_max_concurrent_bi_streams(VarInt::from_u32(MAX_QUESTIONS as u32));
		connection.set_receive_window(VarInt::from_u32(WINDOW));
		let places = self.welcome(&connection);
		let mut questions = JoinSet::new();
		loop {
			let next = async {
				let place = places.clone().acquire_owned().await.ok()?;
				Some((place, connection.accept_bi().await.ok()?))
			};
			// A place may become free long after the connection is gone.
			let next = tokio::select! {
				next = next => next,
				_ = connection.closed() => None,
			};
			let Some((place, (send, receive))) = next else { return };
			while questions.try_join_next().is_some() {}
			questions.spawn(self.clone().take(connection.remote_id(), send, receive, place));
		}
	}

	/// The places of a peer. Its connection takes the place of an earlier one.
	fn welcome(&self, connection: &Connection) -> Arc<Semaphore> {
		let mut guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
		// Places matter as long as a question takes one.
		guests.retain(|_, guest| guest.connection.upgrade().is_some() || guest.is_asking());
		let guest = guests.entry(connection.remote_id()).or_insert_with(|| Guest {
			connection: connection.weak_handle(),
			places: Arc::new(Semaphore::new(MAX_QUESTIONS)),
		});
		let earlier = std::mem::replace(&mut guest.connection, connection.weak_handle());
		if let Some(earlier) = earlier.upgrade() {
			if earlier.stable_id() != connection.stable_id() {
				CloseCode::Done.close(&earlier);
			}
		}
		guest.places.clone()
	}

	/// Take a question to whoever answers, and the answer back.
	async fn take(
		self,
		peer: EndpointId,
		mut send: SendStream,
		mut receive: RecvStream,
		place: OwnedSemaphorePermit,
	) {
		let answer = match timeout(PATIENCE, read(&mut receive, MAX_QUESTION)).await {
			Ok(Ok(question)) => tokio::select! {
				answer = self.answer(peer, question, place) => answer,
				// Nobody waits for it any more.
				_ = send.stopped() => return,
			},
			Ok(Err(Unread::TooLong(_))) => None,
			Ok(Err(Unread::Short | Unread::Stream(_))) | Err(_) => return,
		};
		// That it does not arrive is the asker's to notice.
		let _ = match answer {
			Some(answer) => {
				let mut head = vec![ANSWERED];
				head.extend(length(&answer));
				send.write_all_chunks(&mut [head.into(), answer]).await
			},
			None => send.write_all(&[REFUSED]).await,
		};
	}

	/// The answer to a question; none if it is refused.
	async fn answer(
		&self,
		peer: EndpointId,
		bytes: Bytes,
		place: OwnedSemaphorePermit,
	) -> Option<Bytes> {
		if !self.admissions.allow(&peer, may_ask) {
			return None;
		}
		let (mut question, answer) = Question::new(peer, bytes);
		question._place = Some(place);
		self.questions.as_ref()?.send(question).await.ok()?;
		answer.await.ok()
	}
}

impl Guest {
	fn is_asking(&self) -> bool {
		self.places.available_permits() < MAX_QUESTIONS
	}
}

fn may_ask(admission: &Admission) -> bool {
	!admission.is_empty()
}
