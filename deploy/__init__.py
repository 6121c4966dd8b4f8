"""Ways to the cloud: packaging, CloudFormation, and a rehearsal on an emulator."""
