// One recorded episode, step by step, in the page: each control step begins where Python's did, so that what comes out
// can be told apart from what chaos makes of it; or only the first does (`free`). The policy sees what Python's saw, `seen`
// is what it would see here.
async ({ world, height, states, actions, obs, free, circumstances = {}, delay = 0 }) => {
  const { playground } = /** @type {any} */ (document.querySelector(".twmr-playground"));
  await playground.ready;
  Object.assign(playground, { playing: false, driver: world });
  await playground.enter(world);
  const { env, player, mj } = playground, all = mj.mjtState.mjSTATE_INTEGRATION.value, found = [];
  env.setHeight(height);
  env.begin();
  env.disturb(circumstances);
  env.delay(delay);
  player.reset();
  states.forEach(({ physics, feeling, passed, action, gate, waiting }, i) => {
    const answer = player.act(Float32Array.from(obs[i]));
    if (!free || i === 0) {
      mj.mj_setState(env.model, env.data, physics, all);
      Object.assign(env, { passed, action, gate, waiting });
      Object.assign(env.feeling, feeling);
    }
    const { qpos } = env.step(actions[i]), raw = env.terms.map(({ name }) => env.scores[name].raw);
    const seen = [...env.observation(env.world.config.obs_mode)];
    found.push({ answer, qpos, gate: env.gate, raw, paid: env.terms.map(({ name }) => env.paid[name]), seen });
  });
  return found;
};
