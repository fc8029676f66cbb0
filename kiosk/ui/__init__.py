"""What the visitor sees and touches. Kivy is imported only here, and no rule about visits lives here."""
