// RulesetSimulator
