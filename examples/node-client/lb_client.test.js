// What an orchestrator does with a fleet, done to a real one: a controller
// with the policy's mode off, whose hosts host-a (labelled zone=a) and host-b
// connect as the tests begin. LB_RUN_DIR has its sockets, LB_CERTS what
// scripts/dev-certs made for alice, an administrator, and bob, a viewer.
// Waits are for what a watch tells, within a limit, never for time to pass.
import assert from 'node:assert/strict';
import { after, before, test as run } from 'node:test';

import { connect, status } from './lb_client.js';

const { LB_RUN_DIR: runDir, LB_CERTS: certs, LB_PROTOS: protos } = process.env;

const LIMIT = { timeout: 120_000 };
const test = (name, body) => run(name, LIMIT, body);

const viewer = connect({ socket: `${runDir}/viewer.sock`, protos });
const operator = connect({ socket: `${runDir}/operator.sock`, protos });
const admin = connect({ socket: `${runDir}/admin.sock`, protos });

const refused = (code, reason, text) => (error) => {
  assert.equal(error.code, code, error.message);
  assert.equal(error.info.domain, 'lb');
  assert.equal(error.info.reason, reason);
  assert.match(error.details, text);
  return true;
};

// The first message that `wanted` accepts; ends the watch.
async function first(watch, wanted) {
  for await (const message of watch) {
    if (wanted(message)) return message;
  }
  throw new Error('the watch ended first');
}

// The host once it is as wanted, from a watch that begins with what is there.
async function hostThat(name, wanted) {
  const { host } = await first(
    viewer.HostService.WatchHosts(),
    ({ host }) => host?.name === name && wanted(host));
  return host;
}

// A plan of at most so many moves, asked for with every report until what is
// measured leads to one.
async function propose(parent, max_moves) {
  for await (const _ of viewer.LoadService.WatchLoads({ parent })) {
    try {
      const { plan } = await operator.PlanService.ProposePlan(
        { parent, max_moves });
      if (plan !== null) return plan;
    } catch (error) {
      if (error.info?.reason !== 'NOT_MEASURED') throw error;
    }
  }
  throw new Error('the watch ended first');
}

before(async () => {
  for (const name of ['hosts/host-a', 'hosts/host-b']) {
    await hostThat(name, (host) => host.state === 'HOST_STATE_ACTIVE');
  }
}, LIMIT);

after(() => [viewer, operator, admin].forEach((lb) => lb.close()));

test('lists hosts page by page and by label', async () => {
  const { HostService } = viewer;
  const one = await HostService.ListHosts({ page_size: 1 });
  const two = await HostService.ListHosts(
    { page_size: 1, page_token: one.next_page_token });
  assert.deepEqual(
    [...one.hosts, ...two.hosts].map(({ name }) => name),
    ['hosts/host-a', 'hosts/host-b']);
  assert.equal(two.next_page_token, '');
  const labelled = await HostService.ListHosts({ selector: 'zone=a' });
  assert.deepEqual(labelled.hosts.map(({ labels }) => labels), [{ zone: 'a' }]);
});

test('reads one host with its table', async () => {
  const { host } = await viewer.HostService.GetHost({ name: 'hosts/host-a' });
  assert.equal(host.processors.length, 4);
  assert.equal(host.table.owner.length, host.layout.buckets);
  assert.equal(host.digest, host.table.digest);
});

test('reads loads as they come and as they are kept', async () => {
  const parent = 'hosts/host-a';
  const { LoadService } = viewer;
  const { load } = await first(LoadService.WatchLoads({ parent }), () => true);
  assert.equal(load.host, parent);
  assert.equal(load.processors.length, 4);
  const kept = await first(
    (async function* () {
      for await (const _ of LoadService.WatchLoads({ parent })) {
        yield await LoadService.ListLoads({ parent, page_size: 1 });
      }
    })(),
    ({ loads }) => loads.length > 0);
  assert.equal(kept.loads[0].host, parent);
});

test('follows events and comes back for what it missed', async () => {
  const parent = 'hosts/host-b';
  const { synced_revision } = await first(
    viewer.EventService.WatchEvents({ parent }),
    ({ message }) => message === 'synced_revision');
  const { receipt } = await operator.BalanceService.PauseBalance(
    { parent, reason: 'while nobody watches' });
  await operator.BalanceService.ResumeBalance({ parent });
  const { event } = await first(
    viewer.EventService.WatchEvents(
      { parent, after_revision: synced_revision }),
    ({ event }) => event?.kind === 'BALANCE_PAUSED');
  assert.equal(event.revision, receipt.revision);
  assert.match(event.message, /socket:operator: while nobody watches/);
});

test('follows hosts and comes back for what it missed', async () => {
  const { synced_revision } = await first(
    viewer.HostService.WatchHosts(),
    ({ change }) => change === 'synced_revision');
  await operator.BalanceService.PauseBalance(
    { parent: 'hosts/host-b', reason: 'firmware' });
  const { host } = await first(
    viewer.HostService.WatchHosts({ after_revision: synced_revision }),
    ({ host }) => host?.name === 'hosts/host-b' && host.paused !== '');
  assert.match(host.paused, /firmware/);
  await operator.BalanceService.ResumeBalance({ parent: 'hosts/host-b' });
  await hostThat('hosts/host-b', ({ paused }) => paused === '');
});

test('changes a policy: checked first, then once under its id', async () => {
  const { PolicyService } = admin;
  const name = 'hosts/host-b/policy';
  const { policy: before } = await PolicyService.GetPolicy({ name });
  const change = {
    name,
    policy: { trigger_permille: 1500, etag: before.etag },
    update_mask: { paths: ['trigger_permille'] },
    reason: 'noisy neighbours',
    request_id: 'policy-of-host-b',
  };

  const checked = await PolicyService.UpdatePolicy(
    { ...change, validate_only: true });
  assert.equal(checked.policy.trigger_permille, 1500);
  assert.deepEqual(checked.receipt, {
    revision: '0', audit_sequence: '0', audit_hash: '', repeated: false });
  assert.deepEqual((await PolicyService.GetPolicy({ name })).policy, before);

  const made = await PolicyService.UpdatePolicy(change);
  assert.equal(made.policy.trigger_permille, 1500);
  assert.notEqual(made.policy.etag, before.etag);
  assert.equal(made.receipt.repeated, false);

  // As after an answer that was lost.
  const again = await PolicyService.UpdatePolicy(change);
  assert.deepEqual(again.receipt, { ...made.receipt, repeated: true });

  await assert.rejects(
    PolicyService.UpdatePolicy({ ...change, reason: 'something else' }),
    refused(status.INVALID_ARGUMENT, 'REQUEST_ID_REUSED', /policy-of-host-b/));
  await assert.rejects(
    PolicyService.UpdatePolicy({ ...change, request_id: 'another' }),
    refused(status.ABORTED, 'ETAG_MISMATCH', /get it, and try again/));
  await PolicyService.DeletePolicy({ name, etag: made.policy.etag });
  assert.deepEqual((await PolicyService.GetPolicy({ name })).policy, before);
});

test('pins a bucket and lets it go', async () => {
  const name = 'hosts/host-a/buckets/7';
  const pinned = await operator.BucketService.PinBucket({ name });
  assert.deepEqual(pinned.host.pins.map(({ bucket }) => bucket), [7]);
  const free = await operator.BucketService.UnpinBucket({ name });
  assert.deepEqual(free.host.pins, []);
});

test('drains a processor, waits until it is empty, and undrains it', async () => {
  const name = 'hosts/host-b/processors/2';
  const drain = await operator.ProcessorService.DrainProcessor({ name });
  assert.equal(drain.host.processors[2].drained, true);
  const empty = await hostThat(
    'hosts/host-b', ({ processors }) => processors[2].buckets === 0);
  assert.equal(
    empty.processors.reduce((sum, { buckets }) => sum + buckets, 0),
    empty.layout.buckets);
  const undrain = await operator.ProcessorService.UndrainProcessor({ name });
  assert.equal(undrain.host.processors[2].drained, false);
});

test('pauses the fleet and resumes it', async () => {
  const fleet = { parent: 'hosts/-', reason: 'maintenance window' };
  await operator.BalanceService.PauseBalance(fleet);
  const held = await viewer.ControllerService.GetStatus();
  assert.match(held.paused, /maintenance window/);
  await operator.BalanceService.ResumeBalance(fleet);
  const goes = await viewer.ControllerService.GetStatus();
  assert.equal(goes.paused, '');
});

test('proposes a plan, applies it, and reads what it brought', async () => {
  const parent = 'hosts/host-a';
  const { PlanService } = operator;
  const other = await propose(parent, 4);
  const proposal = await propose(parent, 8);
  assert.equal(proposal.state, 'PLAN_STATE_PROPOSED');

  const { plan: sent, receipt } = await PlanService.ApplyPlan(
    { name: proposal.name, reason: 'before the evening' });
  assert.match(sent.name, /^hosts\/host-a\/plans\/\d+$/);
  await first(
    viewer.EventService.WatchEvents(
      { parent, after_revision: receipt.revision }),
    ({ event }) => event?.kind === 'PLAN_MEASURED');

  const { plan } = await viewer.PlanService.GetPlan({ name: sent.name });
  assert.equal(plan.state, 'PLAN_STATE_MEASURED');
  assert.deepEqual(
    plan.moves.map(({ move }) => move), sent.moves.map(({ move }) => move));
  assert.equal(plan.cost.lost, '0');
  const why = await viewer.PlanService.ExplainPlan({ name: sent.name });
  assert.equal(why.verdict, 'REQUESTED');
  assert.ok(why.processors.every(
    ({ utilization_achieved }) => utilization_achieved !== undefined));
  const replay = await viewer.PlanService.ReplayPlan({ name: sent.name });
  assert.equal(replay.outcome, 'REPLAY_OUTCOME_IDENTICAL');

  await assert.rejects(
    PlanService.ApplyPlan({ name: other.name }),
    refused(status.ABORTED, 'PROPOSAL_OUTDATED', /propose anew/));
});

test('explains why nothing was planned', async () => {
  const parent = 'hosts/host-a';
  const { event } = await first(
    viewer.EventService.WatchEvents({ parent, after_revision: '1' }),
    ({ event }) => event?.kind === 'NOT_PLANNED');
  const why = await viewer.PlanService.ExplainPlan(
    { name: `${parent}/decisions/${event.revision}` });
  assert.equal(why.plan, null);
  assert.notEqual(why.verdict, '');
});

test('finds its changes in the audit, and the audit whole', async () => {
  const { receipt } = await operator.BucketService.PinBucket({
    name: 'hosts/host-b/buckets/9',
    reason: 'a change to find',
    request_id: 'find-me',
  });
  await operator.BucketService.UnpinBucket({ name: 'hosts/host-b/buckets/9' });
  const { records } = await viewer.AuditService.ListAuditRecords(
    { page_size: 10 });
  const record = records.find(({ request_id }) => request_id === 'find-me');
  assert.equal(record.caller, 'socket:operator');
  assert.equal(record.method, 'lb.v1.BucketService/PinBucket');
  assert.equal(record.resource, 'hosts/host-b/buckets/9');
  assert.equal(record.hash, receipt.audit_hash);
  const head = { sequence: receipt.audit_sequence, hash: receipt.audit_hash };
  const whole = await viewer.AuditService.VerifyAudit(head);
  assert.ok(BigInt(whole.last_sequence) > BigInt(head.sequence));
  await assert.rejects(
    viewer.AuditService.VerifyAudit({ ...head, hash: '0'.repeat(64) }),
    refused(status.DATA_LOSS, 'DATA_LOSS', /./));
});

test('says in one line what was wrong', async () => {
  await assert.rejects(
    viewer.HostService.GetHost({ name: 'hosts/nowhere' }),
    refused(status.NOT_FOUND, 'NOT_FOUND', /no host nowhere/));
  await assert.rejects(
    viewer.HostService.GetHost({ name: 'host-a' }),
    refused(status.INVALID_ARGUMENT, 'INVALID_ARGUMENT', /hosts\/HOST/));
  await assert.rejects(
    first(viewer.EventService.WatchEvents(
      { parent: 'hosts/-', after_revision: '1000000' }), () => true),
    refused(status.OUT_OF_RANGE, 'OUT_OF_RANGE', /1000000/));
  await assert.rejects(
    viewer.ProcessorService.DrainProcessor(
      { name: 'hosts/host-a/processors/0' }),
    refused(status.PERMISSION_DENIED, 'ROLE_REQUIRED', /operator/));
});

test('speaks mutual TLS, with the role of its certificate', async () => {
  const { listeners } = await viewer.ControllerService.GetStatus();
  const { address } = listeners.find(({ kind }) => kind === 'mTLS');
  const as = (user, trustDomain = 'lb.example.com') => connect({
    address,
    protos,
    tls: {
      ca: `${certs}/ca.crt`,
      cert: `${certs}/user-${user}.crt`,
      key: `${certs}/user-${user}.key`,
      trustDomain,
    },
  });
  const [alice, bob, stranger] = [as('alice'), as('bob'), as('bob', 'other')];
  try {
    const { caller, caller_role } = await alice.ControllerService.GetStatus();
    assert.deepEqual([caller, caller_role], ['user/alice', 'ROLE_ADMIN']);
    await assert.rejects(
      bob.BucketService.PinBucket({ name: 'hosts/host-a/buckets/1' }),
      refused(status.PERMISSION_DENIED, 'ROLE_REQUIRED', /operator/));
    await assert.rejects(
      stranger.ControllerService.GetStatus(),
      ({ code, details }) => {
        assert.equal(code, status.UNAVAILABLE);
        assert.match(details, /spiffe:\/\/other\/controller/);
        return true;
      });
  } finally {
    [alice, bob, stranger].forEach((lb) => lb.close());
  }
});
