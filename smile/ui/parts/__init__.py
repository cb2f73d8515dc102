"""Parts that several tabs share: components, the stage, cards of examples, scores, plots, pools."""
