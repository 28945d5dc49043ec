//! What `status` tells.

use cairn_chain::{
	views::{Clock, Peer, Phase, Side},
	AccountId, State, ViewError,
};
use cairn_primitives::{BlockNumber, Hash, ModelId, UnitId, Window, WindowIndex};
use serde::Serialize;

use crate::{
	amount::Crn,
	commands::{
		model::{clock_words, Row},
		place::PlaceShown,
		shares::{holdings, Holding},
		Failed,
	},
	keys::{endpoint_id, KeyError},
	settings::Settings,
};

/// What `status` tells.
#[derive(Debug, Serialize)]
pub struct Status {
	/// The node, and the chain that it follows.
	pub chain: ChainShown,
	/// The account that owns bond and shares.
	pub provider: Option<AccountId>,
	/// This machine's keys, if there are any.
	pub worker: Option<WorkerShown>,
	/// What the chain says of the provider.
	#[serde(flatten)]
	pub account: Account,
}

/// What the chain says of a provider.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Account {
	/// Its registration, if it is registered.
	pub registration: Option<Registration>,
	/// What it can spend.
	pub balance: Option<Crn>,
	/// Where the provider is.
	pub places: Vec<PlaceOfModel>,
	/// Units to re-execute.
	pub audits: Vec<AuditShown>,
	/// Open games.
	pub disputes: Vec<DisputeShown>,
	/// Shares, and what can be claimed.
	pub shares: Vec<Holding>,
}

/// The node, and the chain that it follows.
#[derive(Debug, Serialize)]
pub struct ChainShown {
	/// Address of the node.
	pub node: String,
	/// The network's name.
	pub name: String,
	/// Hash of its first block.
	pub genesis: Hash,
	/// The node's version.
	pub version: String,
	/// Height of the newest block.
	pub best: BlockNumber,
	/// Height of the newest final block.
	pub r#final: BlockNumber,
	/// Nodes that the node is connected to.
	pub peers: usize,
	/// Whether it is still fetching old blocks.
	pub is_syncing: bool,
}

/// A registration.
#[derive(Clone, Debug, Serialize)]
pub struct Registration {
	/// Everything on hold.
	pub bond: Crn,
	/// What answers for models.
	pub committed: Crn,
	/// What is neither committed nor unbonding.
	pub free: Crn,
	/// The key that works.
	pub worker: AccountId,
	/// What that key can spend on fees.
	pub worker_balance: Crn,
	/// Units and audits that became final.
	pub units: u32,
	/// Points they earned.
	pub points: u128,
	/// Proven faults.
	pub faults: u32,
	/// Windows that were missed.
	pub absences: u32,
}

/// This machine's keys.
#[derive(Debug, Serialize)]
pub struct WorkerShown {
	/// The account of its worker key.
	pub account: AccountId,
	/// What that can spend on fees.
	pub balance: Crn,
	/// The provider that it works for.
	pub works_for: Option<AccountId>,
}

/// A place in a model.
#[derive(Clone, Debug, Serialize)]
pub struct PlaceOfModel {
	/// The model.
	pub model: ModelId,
	/// Where the model is in its life.
	pub status: &'static str,
	/// Where the provider is in it; nowhere if it left and its bond is locked.
	pub place: Option<PlaceShown>,
	/// What answers for it.
	pub bond: Crn,
	/// The first block in which that can be freed, after leaving.
	pub unlock: Option<BlockNumber>,
	/// What the model's clock does.
	pub clock: Option<String>,
	/// Number of the running window.
	pub window: Option<WindowIndex>,
	/// Its last block.
	pub deadline: Option<BlockNumber>,
	/// Whether the provider has attested its work of the running window.
	pub attested: Option<bool>,
	/// With whom it works in the running window.
	pub neighbours: Vec<NeighbourShown>,
	/// Points that are not final.
	pub escrow: u128,
	/// Units and audits that are not final.
	pub queued: u32,
}

/// Somebody to work with.
#[derive(Clone, Debug, Serialize)]
pub struct NeighbourShown {
	/// `upstream`, `downstream`, `same stage` or `standby`.
	pub role: &'static str,
	/// The provider.
	pub provider: AccountId,
	/// Its endpoint.
	pub endpoint: String,
	/// Where that is.
	pub addresses: Vec<String>,
}

/// A unit to re-execute.
#[derive(Clone, Debug, Serialize)]
pub struct AuditShown {
	/// The unit, in words.
	pub unit: String,
	/// The last block in which it can be answered.
	pub deadline: BlockNumber,
}

/// An open game.
#[derive(Clone, Debug, Serialize)]
pub struct DisputeShown {
	/// The unit, in words.
	pub unit: String,
	/// Whether the provider defends it.
	pub defends: bool,
	/// Whether it is the provider's turn.
	pub to_move: bool,
	/// The last block of the turn.
	pub deadline: BlockNumber,
}

/// Asks for all of it.
pub async fn gather(settings: &Settings, account: Option<AccountId>) -> Result<Status, Failed> {
	let connection = settings.look().await?;
	let (node, state) = (connection.node().await?, connection.state().await?);
	let chain = ChainShown {
		node: settings.node.clone(),
		name: node.chain,
		genesis: connection.genesis(),
		version: node.version,
		// The node may have gone on between the two answers.
		best: node.best.max(state.height()),
		r#final: state.height(),
		peers: node.peers,
		is_syncing: node.is_syncing,
	};
	let worker = worker(settings, &state).await?;
	let works_for = worker.as_ref().and_then(|worker| worker.works_for.clone());
	let provider = match account.or(works_for) {
		Some(account) => Some(account),
		None => match settings.provider_key() {
			Err(KeyError::NoProvider) => None,
			key => Some(key?.account()),
		},
	};
	let account = match &provider {
		Some(provider) => Account::gather(&state, provider).await?,
		None => Account::default(),
	};
	Ok(Status { chain, provider, worker, account })
}

impl Account {
	/// Asks for what the chain says of a provider.
	pub async fn gather(state: &State, provider: &AccountId) -> Result<Self, ViewError> {
		Ok(Self {
			registration: registration(state, provider).await?,
			balance: Some(Crn(state.balance(provider).await?)),
			places: places(state, provider).await?,
			audits: audits(state, provider).await?,
			disputes: disputes(state, provider).await?,
			shares: holdings(state, provider).await?,
		})
	}
}

async fn worker(settings: &Settings, state: &State) -> Result<Option<WorkerShown>, Failed> {
	let key = match settings.keys().worker() {
		Err(KeyError::Missing { .. }) => return Ok(None),
		key => key?,
	};
	Ok(Some(WorkerShown {
		account: key.account(),
		balance: Crn(state.balance(&key.account()).await?),
		works_for: state.provider_of(&key.public()).await?,
	}))
}

async fn registration(
	state: &State,
	account: &AccountId,
) -> Result<Option<Registration>, ViewError> {
	let Some(provider) = state.provider(account).await? else { return Ok(None) };
	let worker = AccountId::from(provider.worker);
	let conduct = provider.reputation;
	Ok(Some(Registration {
		bond: Crn(provider.bond),
		committed: Crn(provider.committed),
		free: Crn(state.free_bond(account).await?.unwrap_or_default()),
		worker_balance: Crn(state.balance(&worker).await?),
		worker,
		units: conduct.units,
		points: conduct.points,
		faults: conduct.faults,
		absences: conduct.absences,
	}))
}

async fn places(state: &State, account: &AccountId) -> Result<Vec<PlaceOfModel>, ViewError> {
	let mut places = Vec::new();
	for (model, commitment) in state.commitments(account).await? {
		let (record, spec) = (state.model(model).await?, state.spec(model).await?);
		let (Some(record), Some(spec)) = (record, spec) else { continue };
		let row = Row::gather(state, model, &record, &spec).await?;
		let place = state.place(model, account).await?.map(PlaceShown::from);
		let clock: Option<Clock> = state.clock(model).await?;
		let window = clock.and_then(|clock| match clock.phase {
			Phase::Running(window) => Some(window),
			_ => None,
		});
		let history = state.record(account, model).await?;
		places.push(PlaceOfModel {
			model,
			status: row.status,
			bond: Crn(commitment.amount),
			unlock: commitment.unlock,
			clock: clock.map(|clock| clock_words(&clock, &row, state.height())),
			window: window.map(|window| window.index),
			deadline: window.map(|window| window.deadline),
			attested: attested(state, model, window, place).await?,
			neighbours: neighbours(state, model, window, place).await?,
			place,
			escrow: history.escrow,
			queued: history.queued,
		});
	}
	Ok(places)
}

async fn attested(
	state: &State,
	model: ModelId,
	window: Option<Window>,
	place: Option<PlaceShown>,
) -> Result<Option<bool>, ViewError> {
	match (window, place) {
		(Some(window), Some(PlaceShown::Seat { stage, lane: Some(lane), .. })) => {
			let unit = UnitId { model, window: window.index, stage, lane };
			Ok(Some(state.unit(unit).await?.is_some()))
		},
		_ => Ok(None),
	}
}

async fn neighbours(
	state: &State,
	model: ModelId,
	window: Option<Window>,
	place: Option<PlaceShown>,
) -> Result<Vec<NeighbourShown>, ViewError> {
	let (Some(window), Some(PlaceShown::Seat { stage, lane: Some(lane), .. })) = (window, place)
	else {
		return Ok(Vec::new());
	};
	let found = state.neighbours(model, &window, stage, lane).await?;
	let shown = |role| {
		move |peer: Peer| NeighbourShown {
			role,
			provider: peer.provider,
			endpoint: endpoint_id(&peer.endpoint.key),
			addresses: peer.endpoint.addresses,
		}
	};
	let upstream = found.upstream.into_iter().map(shown("upstream"));
	let downstream = found.downstream.into_iter().map(shown("downstream"));
	let seats = found.seats.into_iter().map(|(_, peer)| peer).map(shown("same stage"));
	let standbys = found.standbys.into_iter().map(shown("standby"));
	Ok(upstream.chain(downstream).chain(seats).chain(standbys).collect())
}

async fn audits(state: &State, account: &AccountId) -> Result<Vec<AuditShown>, ViewError> {
	let tasks = state.audit_tasks(account).await?.into_iter();
	Ok(tasks.map(|task| AuditShown { unit: words(task.unit), deadline: task.deadline }).collect())
}

async fn disputes(state: &State, account: &AccountId) -> Result<Vec<DisputeShown>, ViewError> {
	let games = state.games(account).await?.into_iter();
	Ok(games
		.map(|game| DisputeShown {
			unit: words(game.unit),
			defends: game.side == Side::Defender,
			to_move: game.turn.side == game.side,
			deadline: game.turn.deadline,
		})
		.collect())
}

fn words(unit: UnitId) -> String {
	format!(
		"model {}, window {}, stage {}, lane {}",
		unit.model, unit.window, unit.stage, unit.lane
	)
}
