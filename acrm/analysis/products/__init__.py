"""What the assortment is worth product by product: what to promote, keep, restock, sell off or take out."""
