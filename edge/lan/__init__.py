"""The car or travel LAN: being found and finding."""
