"""The learner: a recurrent PPO that knows no robot."""
