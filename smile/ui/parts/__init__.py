"""What several tabs share: components, the stage, cards of examples, scores, charts, pools to choose from."""
